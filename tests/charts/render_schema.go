// The part of JSON Schema (draft 7) that values.schema.json uses. A keyword that it does not know is reported, so that a
// schema cannot seem to be checked when it is not.
package main

import (
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"
)

var keywords = map[string]bool{
	"$schema": true, "$ref": true, "title": true, "description": true, "definitions": true, "type": true, "enum": true,
	"properties": true, "required": true, "additionalProperties": true, "items": true, "uniqueItems": true,
	"minimum": true, "maximum": true, "minLength": true, "maxLength": true, "pattern": true,
}

type problems []string

func (list *problems) add(path, format string, values ...interface{}) {
	*list = append(*list, path+" "+fmt.Sprintf(format, values...))
}

// checkSchema returns what is wrong with `value`, a sentence each.
func checkSchema(root, schema map[string]interface{}, value interface{}, path string) []string {
	var found problems
	for keyword := range schema {
		if !keywords[keyword] {
			found.add(path, "has a schema with the keyword %s, which this check does not know", keyword)
		}
	}
	if reference, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(reference, "#/definitions/")
		target, known := root["definitions"].(map[string]interface{})[name].(map[string]interface{})
		if !known {
			found.add(path, "has a schema that refers to %s, which does not exist", reference)
			return found
		}
		return checkSchema(root, target, value, path)
	}
	if wanted, ok := schema["type"].(string); ok && typeOf(value) != wanted && !(wanted == "number" && typeOf(value) == "integer") {
		found.add(path, "is of type %s, not %s", typeOf(value), wanted)
		return found
	}
	if allowed, ok := schema["enum"].([]interface{}); ok && !contains(allowed, value) {
		found.add(path, "is %v, not one of %v", value, allowed)
	}
	switch typed := value.(type) {
	case map[string]interface{}:
		found = append(found, checkObject(root, schema, typed, path)...)
	case []interface{}:
		found = append(found, checkArray(root, schema, typed, path)...)
	case string:
		checkText(&found, schema, typed, path)
	case int:
		if least, ok := schema["minimum"].(int); ok && typed < least {
			found.add(path, "is %d, less than %d", typed, least)
		}
		if most, ok := schema["maximum"].(int); ok && typed > most {
			found.add(path, "is %d, more than %d", typed, most)
		}
	}
	sort.Strings(found)
	return found
}

func checkObject(root, schema, value map[string]interface{}, path string) []string {
	var found problems
	required, _ := schema["required"].([]interface{})
	for _, name := range required {
		if _, present := value[name.(string)]; !present {
			found.add(path, "lacks %s", name)
		}
	}
	properties, _ := schema["properties"].(map[string]interface{})
	for name, member := range value {
		if property, known := properties[name].(map[string]interface{}); known {
			found = append(found, checkSchema(root, property, member, path+"."+name)...)
			continue
		}
		switch additional := schema["additionalProperties"].(type) {
		case bool:
			if !additional {
				found.add(path, "has no field %s", name)
			}
		case map[string]interface{}:
			found = append(found, checkSchema(root, additional, member, path+"."+name)...)
		}
	}
	return found
}

func checkArray(root, schema map[string]interface{}, value []interface{}, path string) []string {
	var found problems
	for index, item := range value {
		if unique, _ := schema["uniqueItems"].(bool); unique && contains(value[:index], item) {
			found.add(path, "has %v twice", item)
		}
		if items, ok := schema["items"].(map[string]interface{}); ok {
			found = append(found, checkSchema(root, items, item, fmt.Sprintf("%s[%d]", path, index))...)
		}
	}
	return found
}

func checkText(found *problems, schema map[string]interface{}, value, path string) {
	if least, ok := schema["minLength"].(int); ok && len(value) < least {
		found.add(path, "is shorter than %d", least)
	}
	if most, ok := schema["maxLength"].(int); ok && len(value) > most {
		found.add(path, "is longer than %d", most)
	}
	if pattern, ok := schema["pattern"].(string); ok && !regexp.MustCompile(pattern).MatchString(value) {
		found.add(path, "is %q, which does not match %s", value, pattern)
	}
}

func typeOf(value interface{}) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int:
		return "integer"
	case float64:
		return "number"
	case string:
		return "string"
	case []interface{}:
		return "array"
	case map[string]interface{}:
		return "object"
	}
	return reflect.TypeOf(value).String()
}

func contains(list []interface{}, value interface{}) bool {
	for _, item := range list {
		if reflect.DeepEqual(item, value) {
			return true
		}
	}
	return false
}
