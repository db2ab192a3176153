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

// usual is how many members of an object are read without other memory.
const usual = 16

// Members calls visit with the name and the value of every member of the
// object that is all of text. It reads the text to its end before the first
// call, so visit only ever sees members of a sound object. Name and value may be
// parts of text: whoever keeps a small one of a large text copies it.
//
// Errors of the syntax wrap [*jsontext.SyntacticError], but that of a text of
// nothing but blanks, which is [io.EOF]. An error of visit ends the reading and
// is returned as it is.
func Members(text string, visit func(name, value string) error) error {
	var room [usual]Member
	members, ok := Flat(text, room[:0])
	if !ok {
		return anyMembers([]byte(text), visit)
	}
	for _, m := range members {
		if err := visit(m.Name, m.Value); err != nil {
			return err
		}
	}
	return nil
}

// anyMembers is Members for every object.
func anyMembers(text []byte, visit func(name, value string) error) error {
	if err := check(text); err != nil {
		return err
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text))
	if _, err := dec.ReadToken(); err != nil { // the opening brace
		return err
	}
	for dec.PeekKind() != '}' {
		quoted, err := dec.ReadValue()
		if err != nil {
			return err
		}
		name, _ := String(string(quoted)) // is sound: check has read it
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := visit(name, string(value)); err != nil {
			return err
		}
	}
	return nil
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
