# SPDX-License-Identifier: MIT
"""Who is trusted, whatever a peer or the Bluetooth stack does: cases one by one, then everything in any order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kneecore.trust import OUR_IRK, OUR_SEC, PEER_SEC, PEERS_MAX, Trust, peer_key

OWNER = bytes.fromhex("c1c1c1c1c1c1")
STRANGER = bytes.fromhex("d2d2d2d2d2d2")


def key(address):
    return peer_key(1, address)


def bonded(address=OWNER, ltk=b"owner's"):
    """Secrets that an earlier pairing has left."""
    return ((OUR_SEC, key(address), ltk), (PEER_SEC, key(address), ltk))


def pairs(trust, address, ltk, connection=1, encrypted_first=True):
    """What the stack does when the peer of this connection pairs: repeat pairing, encryption, two halves."""
    for kind in (OUR_SEC, PEER_SEC):
        tries = 0
        while trust.get_secret(kind, 0, key(address)) is not None:
            trust.set_secret(kind, key(address), None)
            tries += 1
            assert tries < 2, "the stack would ask for ever"
    if encrypted_first:
        trust.encryption(connection, 1)
    assert trust.set_secret(OUR_SEC, key(address), ltk)
    assert trust.set_secret(PEER_SEC, key(address), ltk)
    trust.encryption(connection, 1)


def comes(trust, address, connection=1):
    trust.connected(connection, 1, address)


def test_an_unencrypted_peer_is_never_trusted_even_with_an_owner_s_address():
    trust = Trust(bonded())
    comes(trust, OWNER)
    assert trust.knows_peer
    assert not trust.trusted


def test_an_owner_who_encrypts_with_the_kept_key_is_trusted():
    trust = Trust(bonded())
    comes(trust, OWNER)
    assert trust.get_secret(OUR_SEC, 0, key(OWNER)) == b"owner's"
    trust.encryption(1, 1)
    assert trust.trusted
    assert not trust.changed


def test_a_stranger_who_pairs_outside_the_window_gets_encryption_but_no_trust():
    for encrypted_first in (True, False):
        trust = Trust(bonded())
        comes(trust, STRANGER)
        pairs(trust, STRANGER, b"stranger's", encrypted_first=encrypted_first)
        assert not trust.trusted
        trust.disconnected(1)
        assert trust.kept == bonded()
        assert not trust.changed


def test_a_stranger_with_an_owner_s_address_who_pairs_anew_gains_nothing_and_destroys_nothing():
    trust = Trust(bonded())
    comes(trust, OWNER)
    pairs(trust, OWNER, b"stranger's")
    assert not trust.trusted
    trust.disconnected(1)
    comes(trust, OWNER, 2)
    assert trust.get_secret(OUR_SEC, 0, key(OWNER)) == b"owner's"
    trust.encryption(2, 1)
    assert trust.trusted


def test_pairing_in_the_window_is_trusted_kept_and_closes_the_window():
    for encrypted_first in (True, False):
        trust = Trust()
        trust.window_open = True
        comes(trust, OWNER)
        pairs(trust, OWNER, b"new", encrypted_first=encrypted_first)
        assert trust.trusted
        assert trust.changed
        assert not trust.window_open
        assert set(trust.kept) == {(OUR_SEC, key(OWNER), b"new"), (PEER_SEC, key(OWNER), b"new")}
        trust.disconnected(1)
        comes(trust, OWNER, 2)
        trust.encryption(2, 1)
        assert trust.trusted


def test_a_peer_that_tells_its_identity_in_pairing_is_kept_under_it():
    trust = Trust()
    trust.window_open = True
    comes(trust, bytes.fromhex("4a0000000001"))  # a private address that will have changed by tomorrow
    pairs(trust, OWNER, b"new")
    assert trust.trusted
    trust.disconnected(1)
    comes(trust, OWNER, 2)
    trust.encryption(2, 1)
    assert trust.trusted


def test_a_pairing_broken_off_in_the_window_costs_the_owner_nothing():
    trust = Trust(bonded())
    trust.window_open = True
    comes(trust, OWNER)
    trust.set_secret(OUR_SEC, key(OWNER), None)
    trust.set_secret(PEER_SEC, key(OWNER), None)
    trust.disconnected(1)
    assert trust.kept == bonded()


def test_a_pairing_begun_after_the_window_has_closed_does_not_count():
    trust = Trust()
    trust.window_open = True
    comes(trust, STRANGER)
    trust.window_open = False
    pairs(trust, STRANGER, b"late")
    assert not trust.trusted
    assert trust.kept == ()


def test_the_oldest_peer_makes_room_for_one_more():
    trust = Trust()
    addresses = [bytes((n,)) * 6 for n in range(1, PEERS_MAX + 2)]
    for address in addresses:
        trust.window_open = True
        comes(trust, address)
        pairs(trust, address, address)
        trust.disconnected(1)
    assert trust.peers == PEERS_MAX
    assert [secret[1] for secret in trust.kept if secret[0] == PEER_SEC] == [key(a) for a in addresses[1:]]


def test_an_owner_who_is_forgotten_is_a_stranger_at_once():
    for everybody in (True, False):
        trust = Trust(bonded() + bonded(STRANGER, b"other"))
        comes(trust, OWNER)
        trust.encryption(1, 1)
        trust.forget(everybody)
        assert not trust.trusted
        assert trust.peers == (0 if everybody else 1)
        comes(trust, OWNER, 2)
        trust.encryption(2, 1)
        assert not trust.trusted


def test_the_unit_s_own_identity_is_kept_from_any_moment_on():
    trust = Trust()
    assert trust.get_secret(OUR_IRK, 0, b"irk") is None
    assert trust.set_secret(OUR_IRK, b"irk", b"16 random bytes.")
    assert trust.changed
    comes(trust, STRANGER)
    assert trust.get_secret(OUR_IRK, 0, b"irk") == b"16 random bytes."
    assert not trust.trusted


def test_the_stack_can_list_the_peers():
    trust = Trust(bonded() + bonded(STRANGER, b"other"))
    assert [trust.get_secret(PEER_SEC, i, None) for i in range(3)] == [b"owner's", b"other", None]


ADDRESSES = st.sampled_from([OWNER, STRANGER, bytes.fromhex("e3e3e3e3e3e3")])
KINDS = st.sampled_from([OUR_SEC, PEER_SEC])


class AnyOrder(RuleBasedStateMachine):
    """The stack, peers and the button in any order.  `mine`: keys that came to be in an open window."""

    def __init__(self):
        super().__init__()
        self.trust = Trust(bonded())
        self.may_be_kept = set(bonded())
        self.connection = 0
        self.wrote_outside = False

    @rule(address=ADDRESSES)
    def connect(self, address):
        self.connection += 1
        self.wrote_outside = False
        comes(self.trust, address, self.connection)

    @rule(back=st.integers(0, 1))
    def disconnect(self, back):
        self.trust.disconnected(self.connection - back)
        if not back:
            self.wrote_outside = False

    @rule(on=st.booleans())
    def button(self, on):
        self.trust.window_open = on

    @rule(back=st.integers(0, 1), on=st.booleans())
    def encrypt(self, back, on):
        self.trust.encryption(self.connection - back, on)

    @rule(kind=KINDS, address=ADDRESSES, value=st.one_of(st.none(), st.binary(min_size=1, max_size=3)))
    def store(self, kind, address, value):
        open_before, untouched = self.trust.window_open, not self.trust._touched
        if untouched and not open_before:
            self.wrote_outside = True
        elif value is not None and not self.wrote_outside:
            self.may_be_kept.add((kind, key(address), value))
        self.trust.set_secret(kind, key(address), value)
        assert self.trust.get_secret(kind, 0, key(address)) == value

    @rule(everybody=st.booleans())
    def forget(self, everybody):
        self.trust.forget(everybody)
        self.wrote_outside = True

    @invariant()
    def nothing_is_kept_that_no_open_window_saw(self):
        assert set(self.trust.kept) <= self.may_be_kept

    @invariant()
    def trust_needs_encryption(self):
        assert self.trust._encrypted or not self.trust.trusted

    @invariant()
    def who_wrote_secrets_outside_the_window_is_not_trusted(self):
        assert not (self.wrote_outside and self.trust.trusted)

    @invariant()
    def peers_are_whole_and_few(self):
        ours = {secret[1] for secret in self.trust.kept if secret[0] == OUR_SEC}
        theirs = {secret[1] for secret in self.trust.kept if secret[0] == PEER_SEC}
        assert ours == theirs
        assert len(theirs) <= PEERS_MAX


AnyOrder.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAnyOrder = AnyOrder.TestCase
