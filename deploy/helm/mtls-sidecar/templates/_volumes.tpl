{{/*
The volumes, items of volumes:

  volumes:
    {{- include "mtls-sidecar.volumes" . | nindent 4 }}
*/}}
{{- define "mtls-sidecar.volumes" -}}
{{- $values := index .Values "mtls-sidecar" -}}
- name: mtls-sidecar-certs
  secret:
    secretName: {{ $values.certificates.secretName }}
    {{- /* Root's files, which the sidecar has to read: 0444. */}}
    defaultMode: 292
- name: mtls-sidecar-ca
  configMap:
    name: {{ $values.authorities.configMapName }}
    optional: true
    defaultMode: 292
{{- end }}
