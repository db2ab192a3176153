package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// parseProxies reads addresses and networks. All addresses are none: every client
// could say that it comes from another one.
func parseProxies(text string) ([]netip.Prefix, error) {
	if text == "" {
		return nil, nil
	}
	var proxies []netip.Prefix
	var faults []error
	for proxy := range strings.SplitSeq(text, ",") {
		proxy = strings.TrimSpace(proxy)
		prefix, err := parseProxy(proxy)
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("TRUSTED_PROXIES has %q, which is neither an address "+
				"such as 10.0.0.7 nor a network such as 10.0.0.0/24", proxy))
		case prefix.Bits() == 0:
			faults = append(faults, fmt.Errorf("TRUSTED_PROXIES has %q, which is everybody: "+
				"name the proxies", proxy))
		}
		proxies = append(proxies, prefix)
	}
	return proxies, errors.Join(faults...)
}

func parseProxy(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return addr.WithZone("").Prefix(addr.BitLen())
}
