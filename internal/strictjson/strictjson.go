// Package strictjson reads JSON objects that come from outside, tokens and
// request bodies alike, so that both obey the same rules: UTF-8 without lone
// surrogates, no name twice, names matched exactly, nothing behind the object.
package strictjson

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject: the text is JSON, but no object.
var ErrNotObject = errors.New("not a JSON object")

// Member is one member of an object. The name is unescaped, the value JSON text.
type Member struct{ Name, Value string }

// Read is the members of the object that is all of text, in their order. It uses
// the room of o, which is empty; more members, or nil for o, are read all the same,
// only slower. An object that is not sound to its end has none. Names and values may
// be parts of text: whoever keeps a small one of a large text copies it.
//
// The error of a text that is JSON, but no object, is [ErrNotObject], and that of a
// text of nothing but blanks [io.EOF]; all others wrap [*jsontext.SyntacticError].
func Read(text string, o []Member) ([]Member, error) {
	if members, ok := flat(text, o); ok {
		return members, nil
	}
	return readAny([]byte(text))
}

// readAny is Read for every object.
func readAny(text []byte) (o []Member, err error) {
	if err := check(text); err != nil {
		return nil, err
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	if _, err := dec.ReadToken(); err != nil { // the opening brace
		return nil, err
	}
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		name, _ := String(string(quoted)) // is sound: check has read it
		value, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		o = append(o, Member{name, string(value)})
	}
	return o, nil
}

// check reads all of text once.
func check(text []byte) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	object := value.Kind() == '{'
	if _, err := dec.ReadToken(); err != io.EOF {
		if err == nil {
			err = &jsontext.SyntacticError{Err: errors.New("text behind the value")}
		}
		return err
	}
	if !object {
		return ErrNotObject
	}
	return nil
}

// String is the text of a JSON string, and false for every other value. It may be
// a part of the value.
func String(value string) (string, bool) {
	if value == "" || value[0] != '"' {
		return "", false
	}
	if strings.IndexByte(value, '\\') < 0 {
		return value[1 : len(value)-1], true
	}
	b, err := jsontext.AppendUnquote(nil, value)
	return string(b), err == nil
}
