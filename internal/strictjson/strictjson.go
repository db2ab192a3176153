// Package strictjson reads JSON objects that come from outside, tokens and
// request bodies alike, so that both obey the same rules: UTF-8 without lone
// surrogates, no name twice, names matched exactly, nothing behind the object.
package strictjson

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrNotObject: the text is JSON, but no object.
var ErrNotObject = errors.New("not a JSON object")

// Members calls visit with the name and the value of every member of the
// object that is all of text. It reads the text to its end before the first
// call, so visit only ever sees members of a sound object. Name and value are
// valid during the call.
//
// Errors of the syntax wrap [*jsontext.SyntacticError], but that of a text of
// nothing but blanks, which is [io.EOF]. An error of visit ends the reading and
// is returned as it is.
func Members(text []byte, visit func(name []byte, value jsontext.Value) error) error {
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
		name, err := unquote(quoted)
		if err != nil {
			return err
		}
		value, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := visit(name, value); err != nil {
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

func unquote(quoted jsontext.Value) ([]byte, error) {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], nil
	}
	return jsontext.AppendUnquote(nil, quoted)
}

// String is the text of a JSON string, and false for every other value.
func String(v jsontext.Value) (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	b, err := unquote(v)
	return string(b), err == nil
}
