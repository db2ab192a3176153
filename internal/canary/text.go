package canary

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// Text is everything that a value in memory holds: strings and bytes in all its
// fields, unexported ones too, behind every pointer. Functions, channels and what
// is behind an unsafe pointer are left out. Nobody else may use the value
// meanwhile.
func Text(v any) string {
	w := walker{seen: make(map[visit]bool)}
	w.walk(reflect.ValueOf(v))
	return w.text.String()
}

// visit is a pointer that was followed.
type visit struct {
	pointer uintptr
	of      reflect.Type
}

type walker struct {
	text strings.Builder
	seen map[visit]bool
}

func (w *walker) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		w.text.WriteString(v.String())
		w.text.WriteByte('\n')
	case reflect.Interface:
		w.walk(v.Elem())
	case reflect.Pointer:
		w.follow(v)
	case reflect.Map:
		for entry := v.MapRange(); entry.Next(); {
			w.walk(entry.Key())
			w.walk(entry.Value())
		}
	case reflect.Slice, reflect.Array:
		w.list(v)
	case reflect.Struct:
		w.fields(v)
	case reflect.Invalid, reflect.Func, reflect.Chan, reflect.UnsafePointer:
	default: // numbers
		fmt.Fprintln(&w.text, v)
	}
}

func (w *walker) follow(v reflect.Value) {
	if v.IsNil() || w.seen[visit{v.Pointer(), v.Type()}] {
		return
	}
	w.seen[visit{v.Pointer(), v.Type()}] = true
	if m, ok := synced(v); ok {
		m.Range(func(key, value any) bool {
			w.walk(reflect.ValueOf(key))
			w.walk(reflect.ValueOf(value))
			return true
		})
		return
	}
	w.walk(v.Elem())
}

// synced is the [sync.Map] that a pointer leads to. Its own fields hide what is
// in it.
func synced(v reflect.Value) (*sync.Map, bool) {
	if v.Type() != reflect.TypeFor[*sync.Map]() {
		return nil, false
	}
	m, ok := reflect.NewAt(v.Type().Elem(), v.UnsafePointer()).Interface().(*sync.Map)
	return m, ok
}

func (w *walker) list(v reflect.Value) {
	if v.Type().Elem().Kind() != reflect.Uint8 {
		for i := range v.Len() {
			w.walk(v.Index(i))
		}
		return
	}
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	w.text.Write(b)
	w.text.WriteByte('\n')
}

func (w *walker) fields(v reflect.Value) {
	for i := range v.NumField() {
		if field := v.Field(i); field.CanAddr() {
			w.walk(field.Addr()) // so that a sync.Map is known for one
		} else {
			w.walk(field)
		}
	}
}
