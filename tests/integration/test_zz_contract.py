"""The last of all stories: everything that openapi.yaml declares has been seen in one of them."""

from rig.contract import CONTRACT


def test_everything_declared_was_seen():
    unseen = sorted(CONTRACT.declared() - CONTRACT.seen)
    assert not unseen, f"declared, but never seen: {unseen}"
