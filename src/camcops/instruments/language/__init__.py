# SPDX-License-Identifier: GPL-3.0-or-later
"""The expression language of instrument definitions: read, checked, typed, compiled.

It knows nothing of files, YAML, databases or screens. What is offered, by module:

`errors`
    `LanguageError(message, source, column)`: any fault in a definition; `source` is the expression or
    text at fault, `column` counts from 1 (0: the whole of it).
`words`
    `StringRef(set, name)` names a string; `Words(parts)` is language-neutral text: a sequence of literal
    parts and string references. `Words.of(*values)`, `+`, `to_json()`, `Words.from_json()`.
`types`
    `Type`; `BOOLEAN INTEGER NUMBER TEXT WORDS DATE TIME DATETIME MISSING MIXED`, `list_of(type)`,
    `row_of(table)`. `WORDS` is text that a language may enter (templates, `option`, `ticked`, `string`).
`expansion`
    `expand(text) -> list[str]`; `is_expansion(text)`; `expand_key(key) -> list[(name, bindings)]` (reads
    `{n=1..5}` too); `substitute(value, bindings)` replaces `{n}` throughout nested maps, lists and texts;
    `in_step(key, value) -> list[(key, value)]` walks both together.
`scope`
    `Symbol(kind, type, …)`, `SymbolKind`; `Scope`: what each name means. `declare(pairs)` makes the
    symbol table and refuses a name with two meanings. `scope.for_storage()`, `scope.for_forms()`,
    `scope.at_row(table)`, `scope.with_symbols({...})`. Kinds: `FIELD` (`env.fields`), `GROUP` (`members`),
    `FACT` (anything the caller supplies in `env.facts` under the very name: `patient.sex`, `created`,
    `valid`, tallies, `from: procedure` scores, `short_name`, …; `form_only=True` for `settings.x`, `user.x`),
    `COMPUTED`, `ROWS` (a child table). `row`, `row_number`, `row_count` come with `at_row`.
`parser`
    `parse(source, scope) -> Node`; `parse_condition(source, scope) -> Node` (missing counts as False);
    `source` is text, a number or a boolean as YAML gave it.
`tree`
    the typed nodes; `.type`, `.to_json()` (what a browser evaluates).
`definitions`
    `Source(name, content, use, table=None)` is one entry of `define`, `scores`, `complete` as YAML gave it
    (an expression or a map with `value` | `bands` `at` `else` | `cases` | `from`, and `type`); `use` is
    `Use.DEFINE`, `Use.SCORE` or `Use.CONDITION`; `table` for an entry of a child table's `define`.
    `define(sources, scope) -> Definitions`: typed, acyclic, nothing stored reaching the clock, the settings
    or the wording. `.scope` knows the computed names too (parse everything else in it);
    `.entries[name] -> Definition(name, node, type, use, form_only, reads)`, in file order; `.rows[table]`
    those of rows; `.program` is compiled; `.reached(node)` tells every field, fact and child table on which
    a node depends in the end.
`text`
    `parse_text(source, scope) -> Node` of type WORDS; one word is a string of `scope.string_set`.
`compiler`
    `compile_tree(node) -> Callable[[Environment], Value]`; never raises at run time.
`environment`
    `Environment(program, fields=…, rows={table: [mapping, …]}, facts=…, labels=…)`: values already coerced
    (`coerce`); what is absent is missing. `env.value(name)` of a computed name (memoised);
    `env.at_row(table, index)` (from 0) for expressions about a row; `env.set_fact(name, value)` (tallies)
    forgets what was computed. `Labels` is the protocol by which `option()`, `ticked()`, `string()` find
    words. The clock of forms is the fact `now()`, an aware datetime; `today()` is its date.
`coercion`
    `coerce(value, type) -> (value, ok)`: a stored value as the language sees it; not `ok`: it does not read
    exactly, so counts as missing and makes the record invalid.
`numbers`
    `number_to_text`, `round_half_away`, `to_fixed`: the same digits on both sides.

Strings of the set `ui` that formats use: `yes no true false present absent month_1 … month_12
month_short_1 … month_short_12`.
"""
