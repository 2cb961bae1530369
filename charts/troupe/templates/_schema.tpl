{{/*
Removes x-kubernetes-validations everywhere below a schema, in place, for API servers before 1.25: they do not know the
field, and clients that check against their OpenAPI would refuse the definition. The operator repeats these rules.
*/}}
{{- define "troupe.remove_validations" -}}
{{- if kindIs "map" . -}}
{{- $_ := unset . "x-kubernetes-validations" -}}
{{- range $value := . }}{{ include "troupe.remove_validations" $value }}{{ end -}}
{{- else if kindIs "slice" . -}}
{{- range $value := . }}{{ include "troupe.remove_validations" $value }}{{ end -}}
{{- end -}}
{{- end -}}
