{{/* The policies that the chart knows, and the digests that it was released with. */}}
{{- define "forewarn.known" -}}
{{ .Files.Get "files/policies.yaml" }}
{{- end }}

{{- define "forewarn.digests" -}}
{{ .Files.Get "files/digests.yaml" }}
{{- end }}

{{/* A policy's place in the registry: by digest where it is known, by version otherwise. */}}
{{- define "forewarn.module" -}}
{{- $digests := include "forewarn.digests" .root | fromYaml -}}
{{- $digest := .own.digest | default (get $digests .policy.id) -}}
registry://{{ trimSuffix "/" (trimPrefix "registry://" .root.Values.registry) }}/{{ .policy.id }}
{{- if $digest }}@{{ $digest }}{{ else }}:v{{ .policy.version }}{{ end }}
{{- end }}

{{/* As `matchExpressions`, because Kubewarden drops `matchLabels`. */}}
{{- define "forewarn.namespaceSelector" -}}
{{- if or .include .exclude -}}
matchExpressions:
{{- range $operator, $names := dict "In" .include "NotIn" .exclude }}
{{- with $names }}
- key: kubernetes.io/metadata.name
  operator: {{ $operator }}
  values:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
{{- end }}
