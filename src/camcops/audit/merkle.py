# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of a Merkle tree over a sequence of entries (SHA-256; shape and prefixes of RFC 6962, 2.1).

One root stands for all entries in their order, and any single entry can be shown to belong to it with a
few digests.
"""

import hashlib


class MerkleTree:
    """Takes entries one by one; memory grows with the logarithm of their number."""

    def __init__(self) -> None:
        self.count = 0
        self._peaks: list[bytes] = []

    def add(self, entry: bytes) -> None:
        node = hashlib.sha256(b"\x00" + entry).digest()
        self.count += 1
        number = self.count
        while number % 2 == 0:
            node = _joined(self._peaks.pop(), node)
            number //= 2
        self._peaks.append(node)

    def root(self) -> str:
        """The root, in hex; that of no entries is the digest of nothing."""
        if not self._peaks:
            return hashlib.sha256(b"").hexdigest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = _joined(peak, node)
        return node.hex()


def _joined(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
