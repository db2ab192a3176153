// Package smtp sends the mails of the module through an SMTP server. Only a host
// that imports it links it.
package smtp
