# SPDX-License-Identifier: MIT
"""The virtual radio: Bumble's local link and controller, with what matters to a low-energy peripheral added.

Added to stock Bumble: a connection interval with a limited number of packets an event (so there is back pressure), fade
and loss of the link, scan responses of their own, public addresses, and a controller of Bluetooth 4.2 as the ESP32 has.
All times are the running loop's, so virtual where the loop is.
"""

from __future__ import annotations

import asyncio
import collections
import math
from typing import Any

from bumble import hci, ll
from bumble.controller import Connection, Controller
from bumble.keys import MemoryKeyStore
from bumble.link import LocalLink

CONNECTION_INTERVAL_S = 0.015  # what desktop systems commonly choose for an active link
PACKETS_PER_EVENT = 4


class Air(LocalLink):
    """One room of radios.  `faded`: nothing gets through, but nobody has noticed yet."""

    def __init__(self, interval_s: float = CONNECTION_INTERVAL_S, per_event: int = PACKETS_PER_EVENT) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.interval_s = interval_s
        self.per_event = per_event
        self.faded = False
        self._all_away = False
        self._away: set[Controller] = set()
        self.host_keys = MemoryKeyStore()  # of the computer in this room, over all its programs

    def send_acl_data(
        self, sender_controller: Controller, destination_address: hci.Address, transport: Any, data: bytes
    ) -> None:
        # Stock Bumble names the sender's random address here, which is wrong for a peer on a public one.
        connection = sender_controller.le_connections.get(destination_address)
        target = self.find_le_controller(destination_address)
        if connection and target:
            asyncio.get_running_loop().call_soon(
                target.on_link_acl_data, connection.self_address, transport, data
            )

    def send_advertising_pdu(self, sender_controller: Controller, packet: ll.AdvertisingPdu) -> None:
        if not self._all_away and sender_controller not in self._away:
            super().send_advertising_pdu(sender_controller, packet)

    def drop(self, radio: Controller | None = None) -> None:
        """Both ends of every connection, or of those of one radio, see a supervision timeout."""
        own = set() if radio is None else {link.self_address for link in radio.le_connections.values()}
        for controller in self.controllers:
            for peer, connection in list(controller.le_connections.items()):
                if radio in (None, controller) or peer in own:
                    controller.on_le_disconnected(connection, hci.HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)

    def drop_controller(self, gone: Controller) -> None:
        """A radio loses its power: it is off the air and its peers see a supervision timeout."""
        self.controllers.discard(gone)
        self.drop(gone)

    async def leave_range(self, seconds: float, radio: Controller | None = None) -> None:
        """Walk away and come back: links drop at once, nothing is heard of anybody, or of one radio, for `seconds`."""
        if radio is None:
            self._all_away = True
        else:
            self._away.add(radio)
        self.drop(radio)
        try:
            await asyncio.sleep(seconds)
        finally:
            if radio is None:
                self._all_away = False
            else:
                self._away.discard(radio)


class AirController(Controller):
    """A controller whose data packets leave only at connection events."""

    le_features = Controller.le_features & ~hci.LeFeatureMask.LE_EXTENDED_ADVERTISING
    le_acl_data_packet_length = 251
    total_num_le_acl_data_packets = 12
    link: Air

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: collections.deque[hci.HCI_AclDataPacket] = collections.deque()
        self._event_timer: asyncio.TimerHandle | None = None
        self._event_s = 0.0  # time of the last connection event, or of the one waited for

    def on_hci_acl_data_packet(self, packet: hci.HCI_AclDataPacket) -> None:
        self._waiting.append(packet)
        self._wait_for_event()

    def _wait_for_event(self) -> None:
        """Connection events lie on a grid of the interval, whether or not there is something to send."""
        if self._event_timer is None:
            loop = asyncio.get_running_loop()
            interval_s = self.link.interval_s
            number = math.floor(loop.time() / interval_s) + 1
            if number * interval_s <= self._event_s:  # a quotient rounded down at the event itself
                number += 1
            self._event_s = number * interval_s
            self._event_timer = loop.call_at(self._event_s, self._connection_event)

    def _connection_event(self) -> None:
        self._event_timer = None
        if not self.link.faded:
            for _ in range(min(self.link.per_event, len(self._waiting))):
                packet = self._waiting.popleft()
                if self.find_connection_by_handle(packet.connection_handle):
                    super().on_hci_acl_data_packet(packet)  # this also reports the packet as completed
        if self._waiting:
            self._wait_for_event()

    def on_le_disconnected(self, connection: Connection, reason: int) -> None:
        self._waiting = collections.deque(
            p for p in self._waiting if p.connection_handle != connection.handle
        )
        super().on_le_disconnected(connection, reason)

    def on_le_connect_ind(self, packet: ll.ConnectInd) -> None:
        advertiser = self.le_legacy_advertiser
        mine = packet.advertiser_address in (self.public_address, self.random_address)
        if mine and not (advertiser.enabled and advertiser.address == packet.advertiser_address):
            # It stopped advertising meanwhile; stock Bumble leaves the central half connected.
            central = self.link.find_le_controller(packet.initiator_address)
            connection = central.le_connections.get(packet.advertiser_address) if central else None
            if central and connection:
                central.on_le_disconnected(
                    connection, hci.HCI_ErrorCode.CONNECTION_FAILED_TO_BE_ESTABLISHED_ERROR
                )
            return
        super().on_le_connect_ind(packet)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        if self.le_scan_enable and isinstance(pdu, ll.AdvInd):
            self._report(pdu, hci.HCI_LE_Advertising_Report_Event.EventType.ADV_IND, pdu.data)
            if self.le_scan_type == 1:
                # Stock Bumble repeats the advertisement as its scan response.
                sender = self.link.find_le_controller(pdu.advertiser_address)
                response = sender.le_legacy_advertiser.scan_response_data if sender else b""
                self._report(pdu, hci.HCI_LE_Advertising_Report_Event.EventType.SCAN_RSP, response)
        pending = self.pending_le_connection
        if pending and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _report(self, pdu: ll.AdvInd, kind: int, data: bytes) -> None:
        report = hci.HCI_LE_Advertising_Report_Event.Report(
            event_type=kind,
            address_type=pdu.advertiser_address.address_type,
            address=pdu.advertiser_address,
            data=data,
            rssi=-50,
        )
        self.send_hci_packet(hci.HCI_LE_Advertising_Report_Event([report]))


__all__ = ["CONNECTION_INTERVAL_S", "PACKETS_PER_EVENT", "Air", "AirController"]
