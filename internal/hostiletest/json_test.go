package hostiletest

import (
	"fmt"
	"strings"
)

// brokenObjects are texts that are no JSON object as RFC 8259 and I-JSON (RFC
// 7493) have it; m are members that they would otherwise be fine with.
func brokenObjects(m string) map[string]string {
	texts := map[string]string{
		"nothing": "", "blanks": " \n\t", "null": "null", "true": "true", "a number": "17",
		"a string": quote("{" + m + "}"), "an array": "[{" + m + "}]", "no braces": m, "only a brace": "{",
		"not closed": "{" + m, "closed twice": "{" + m + "}}", "closed by a bracket": "{" + m + "]",
		"a comma behind": "{" + m + ",}", "a comma in front": "{," + m + "}", "two commas": "{" + m + `,,"x":1}`,
		"two objects": "{" + m + "}{" + m + "}", "two objects on two lines": "{" + m + "}\n{" + m + "}",
		"a letter behind": "{" + m + "}x", "NUL behind": "{" + m + "}\x00", "NUL in front": "\x00{" + m + "}",
		"a comment": "{" + m + "/* */}", "a comment behind": "{" + m + "} // x", "a hash behind": "{" + m + "} # x",
		"single quotes": "{" + m + ",'x':1}", "no quotes": "{" + m + ",x:1}", "a number as a name": "{" + m + ",1:1}",
		"null as a name": "{" + m + ",null:1}", "no value": "{" + m + `,"x":}`, "no colon": "{" + m + `,"x"1}`,
		"two colons": "{" + m + `,"x"::1}`, "an equals sign": "{" + m + `,"x"=1}`,
		"a byte order mark": "\ufeff{" + m + "}", "UTF-16": utf16("{" + m + "}"), "UTF-7": "+AHs-" + m + "+AH0-",
		"a no-break space": "{\u00a0" + m + "}", "a vertical tab": "{\v" + m + "}", "a line separator": "{\u2028" + m + "}",
	}
	for name, value := range map[string]string{
		"NaN": "NaN", "infinity": "Infinity", "minus infinity": "-Infinity", "undefined": "undefined", "True": "True",
		"nil": "nil", "half a literal": "fals", "01": "01", "+1": "+1", "-": "-", "1.": "1.", ".5": ".5", "1e": "1e",
		"1e+":  "1e+",
		"0x1F": "0x1F", "1_000": "1_000", "0b1": "0b1", "1n": "1n", "--1": "--1", "1 2": "1 2",
		"an escape that is none": `"\x41"`, "an escape of three": `"\u004"`, "an escape of a quote": `"\"`,
		"a bare line break": "\"a\nb\"",
		"a bare tab":        "\"a\tb\"", "a bare NUL": "\"a\x00b\"", "a bare escape code": "\"\x1b[31m\"",
		"a byte ff": "\"\xff\"", "a byte 80": "\"\x80\"", "an overlong slash": "\"\xc0\xaf\"",
		"an overlong NUL":      "\"\xc0\x80\"",
		"a surrogate in bytes": "\"\xed\xa0\x80\"", "two surrogates in bytes": "\"\xed\xa0\xbd\xed\xb8\x80\"",
		"half a character": "\"\xe2\x82\"", "more than Unicode": "\"\xf4\x90\x80\x80\"", "Latin 1": "\"Zo\xeb\"",
		"a high surrogate": `"\ud83d"`, "a low surrogate": `"\ude00"`, "surrogates swapped": `"\ude00\ud83d"`,
		"a high surrogate and a letter": `"\ud83dx"`, "a high surrogate twice": `"\ud83d\ud83d"`,
		"a name twice inside": `{"a":1,"a":2}`, "a name twice in an array": `[{"a":1,"a":1}]`, "a bracket": "]",
		"brackets mixed": "[}",
	} {
		texts["a value/"+name] = "{" + m + `,"x":` + value + "}"
	}
	for name, text := range map[string]string{
		"a name twice": `"x":1,"x":1`, "a name twice by an escape": `"x":1,"\u0078":2`, "no name twice": `"":1,"":2`,
		"a name of a byte ff": "\"\xff\":1", "a name of a surrogate": `"\ud800":1`, "a name of a line break": "\"\n\":1",
		"__proto__ twice": `"__proto__":{},"__proto__":{}`,
	} {
		texts[name] = "{" + m + "," + text + "}"
	}
	return texts
}

// deepObjects are JSON, but nest more than anybody means.
func deepObjects(m string, depths ...int) map[string]string {
	texts := make(map[string]string)
	for _, n := range depths {
		texts[fmt.Sprintf("%d arrays", n)] = "{" + m + `,"x":` + nested("[", "]", n) + "}"
		texts[fmt.Sprintf("%d objects", n)] = "{" + m + `,"x":` + nested(`{"x":`, "}", n) + "}"
		texts[fmt.Sprintf("%d brackets that stay open", n)] = "{" + m + `,"x":` + strings.Repeat("[", n)
		texts[fmt.Sprintf("%d braces that stay open", n)] = "{" + m + `,"x":` + strings.Repeat(`{"x":`, n)
	}
	return texts
}

// utf16 is ASCII in the other encoding of JSON that there once was.
func utf16(text string) string {
	wide := "\xff\xfe"
	for i := range len(text) {
		wide += text[i:i+1] + "\x00"
	}
	return wide
}

// notStrings are JSON values of every type but a string with something in it.
func notStrings() []string {
	return []string{"null", "true", "false", "0", "-1", "1.5", "1e400", "[]", `["x"]`, "[null]", "{}", `{"x":1}`}
}
