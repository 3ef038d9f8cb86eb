# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms of the log-in pages: their fields and what is demanded of each."""

from wtforms import Form, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

PASSWORD_MOST = 1024


class LoginForm(Form):
    username = StringField("User name", [DataRequired("Type your user name."), Length(max=191)])
    password = PasswordField(
        "Password", [DataRequired("Type your password."), Length(max=PASSWORD_MOST)]
    )
    redirect_url = HiddenField()


class PasswordForm(Form):
    old_password = PasswordField(
        "Present password", [DataRequired("Type your present password."), Length(max=PASSWORD_MOST)]
    )
    new_password = PasswordField(
        "New password", [DataRequired("Type a new password."), Length(max=PASSWORD_MOST)]
    )
    new_password_again = PasswordField(
        "New password, again",
        [EqualTo("new_password", "The two new passwords differ: type the same one twice.")],
    )
