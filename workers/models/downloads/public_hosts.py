"""Which addresses are of the open internet: one rule for pictures, recordings and models.

Who may name an address must not reach the network that this machine stands in with it.
"""

from __future__ import annotations

import ipaddress

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
"""Of the protocols themselves (RFC 6890); older Pythons take a part of it for public."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def is_public(address: IpAddress) -> bool:
    """Return whether the address is of the open internet, looking through IPv6's wrappings."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.teredo is not None or address.is_site_local:
            return False
    if address in PROTOCOLS:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
