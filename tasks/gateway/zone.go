package gateway

import (
	"encoding/json"
	"reflect"
	"time"
)

// InZone is an answer as it is written: a copy with its times in zone, which their offset tells,
// and cut to the millisecond. nil: UTC. What writes its JSON itself stays as it is. Commands print
// the same answers through it.
func InZone(answer any, zone *time.Location) any {
	if zone == nil {
		zone = time.UTC
	}
	if answer == nil {
		return nil
	}
	return inZone(reflect.ValueOf(answer), zone).Interface()
}

var (
	aTime     = reflect.TypeFor[time.Time]()
	marshaler = reflect.TypeFor[json.Marshaler]()
)

// inZone follows what encoding/json follows.
func inZone(v reflect.Value, zone *time.Location) reflect.Value {
	switch {
	case v.Type() == aTime:
		at, _ := v.Interface().(time.Time)
		if at.IsZero() { // none: zones have odd seconds so long ago
			return v
		}
		return reflect.ValueOf(at.In(zone).Truncate(time.Millisecond))
	case v.Kind() == reflect.Pointer && !v.IsNil():
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(inZone(v.Elem(), zone))
		return out
	case v.Type().Implements(marshaler):
		return v
	case v.Kind() == reflect.Slice && !v.IsNil():
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(inZone(v.Index(i), zone))
		}
		return out
	case v.Kind() == reflect.Struct:
		out := reflect.New(v.Type()).Elem()
		out.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				out.Field(i).Set(inZone(v.Field(i), zone))
			}
		}
		return out
	}
	return v
}
