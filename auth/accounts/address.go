package accounts

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientAddress is the address of whoever sent a request: of the peer, unless
// that is one of the trusted proxies. Then it is the last address in
// X-Forwarded-For that is not of a trusted proxy: all in front of it the client
// may have written itself. Where a trusted proxy has passed on something that is
// no address, or nothing, it is the address of that proxy.
//
// A peer without an address is at a Unix socket, where only a proxy of the host
// can be; it is trusted if any proxy is. The address is the zero [netip.Addr] if
// there is none. It is never a zoned one, and IPv4 is never mapped into IPv6.
func clientAddress(r *http.Request, trusted []netip.Prefix) netip.Addr {
	client := peerAddress(r.RemoteAddr)
	if len(trusted) == 0 || client.IsValid() && !isTrusted(client, trusted) {
		return client
	}
	for _, field := range slices.Backward(r.Header.Values("X-Forwarded-For")) {
		for field != "" {
			comma := strings.LastIndexByte(field, ',')
			hop := strings.Trim(field[comma+1:], " \t")
			field = field[:max(comma, 0)]
			if hop == "" { // an empty member of a list counts for nothing
				continue
			}
			addr := peerAddress(hop)
			if !addr.IsValid() {
				return client
			}
			client = addr
			if !isTrusted(client, trusted) {
				return client
			}
		}
	}
	return client
}

// peerAddress reads an address with or without a port, as net/http has it and
// as proxies write it.
func peerAddress(s string) netip.Addr {
	bare := s
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		bare = s[1 : len(s)-1]
	}
	if addr, err := netip.ParseAddr(bare); err == nil {
		return addr.WithZone("").Unmap()
	}
	if pair, err := netip.ParseAddrPort(s); err == nil {
		return pair.Addr().WithZone("").Unmap()
	}
	return netip.Addr{}
}

// isTrusted takes prefixes of IPv4 in both of its forms.
func isTrusted(addr netip.Addr, trusted []netip.Prefix) bool {
	mapped := netip.AddrFrom16(addr.As16())
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool {
		return p.Contains(addr) || p.Contains(mapped)
	})
}

// site is the /48 that an IPv6 address is in: the most that a customer is given,
// and with it 65,536 times what bucket counts. IPv4 has none.
func site(addr netip.Addr) string {
	const customer = 48
	addr = addr.WithZone("").Unmap()
	if !addr.Is6() {
		return ""
	}
	prefix, err := addr.Prefix(customer)
	if err != nil { // not for a valid address
		return ""
	}
	return prefix.String()
}

// bucket is what is counted together: an IPv4 address, or the /64 that one
// customer has of IPv6. All who have no address are counted as one.
func bucket(addr netip.Addr) string {
	const customer = 64
	addr = addr.WithZone("").Unmap()
	switch {
	case !addr.IsValid():
		return "unknown"
	case addr.Is4():
		return addr.String()
	}
	prefix, err := addr.Prefix(customer)
	if err != nil { // not for a valid address
		return addr.String()
	}
	return prefix.String()
}
