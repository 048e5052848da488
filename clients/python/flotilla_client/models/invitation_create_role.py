from typing import Literal

InvitationCreateRole = Literal["admin", "trader", "viewer"]

INVITATION_CREATE_ROLE_VALUES: set[InvitationCreateRole] = {
    "admin",
    "trader",
    "viewer",
}


def check_invitation_create_role(value: str) -> InvitationCreateRole:
    if value in INVITATION_CREATE_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {INVITATION_CREATE_ROLE_VALUES!r}")
