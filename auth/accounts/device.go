package accounts

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"
)

// device is what the cookie of a browser says that the owner of an account has
// signed in with before.
func (s *Service) device(c *gin.Context) (device opaque, ok bool) {
	if s.opts.TokensOnly {
		return device, false
	}
	return s.seal.open(kindDevice, oneCookie(c.Request, s.cookieName(deviceCookie)))
}

// setDevice remembers the browser for the account, as long as its password stays:
// whoever has collected devices while they knew the password has none afterwards.
func (s *Service) setDevice(c *gin.Context, account Account) {
	if s.opts.TokensOnly {
		return
	}
	device, ok := s.device(c)
	if !ok || !s.isDeviceOf(device, account) {
		device = opaque{user: account.ID, session: newID()}
		copy(device.secret[:], s.devices.sum([]byte(account.Password)))
	}
	s.setCookie(c, deviceCookie, s.seal.seal(kindDevice, device), deviceLife)
}

func (s *Service) isDeviceOf(device opaque, account Account) bool {
	return device.user == account.ID && s.devices.made(device.secret[:], []byte(account.Password))
}

// setOwnDevice is setDevice for who has shown that they read the mail of an
// account. The page of another site does not change what a browser remembers.
func (s *Service) setOwnDevice(c *gin.Context, account Account) {
	if s.guard.SameOrigin(c) == nil {
		s.setDevice(c, account)
	}
}

// isKnown reports whether the owner of the account with an address has signed in
// with this browser, and counts that. What it asks the store about is the account
// that the browser is known for, whatever the address is.
func (s *Service) isKnown(ctx context.Context, c *gin.Context, email string) (bool, error) {
	device, ok := s.device(c)
	if !ok || s.take(ctx, signInByOwnDevice(), "sign-in by device", device.user, device.session) > 0 {
		return false, nil
	}
	account, err := s.store.Account(ctx, device.user)
	switch {
	case errors.Is(err, ErrNoUser):
		return false, nil
	case err != nil:
		return false, err
	}
	return account.Email == email && s.isDeviceOf(device, account), nil
}
