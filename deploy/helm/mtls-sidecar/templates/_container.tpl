{{/*
The container, an item of initContainers:

  initContainers:
    {{- include "mtls-sidecar.container" . | nindent 4 }}
*/}}
{{- define "mtls-sidecar.container" -}}
{{- $values := index .Values "mtls-sidecar" -}}
- name: mtls-sidecar
  {{- if $values.image.digest }}
  image: {{ printf "%s@%s" $values.image.repository $values.image.digest | quote }}
  {{- else }}
  image: {{ printf "%s:%s" $values.image.repository (toString $values.image.tag) | quote }}
  {{- end }}
  restartPolicy: Always
  env:
    {{- /* Said, because a Service named "monitor" would set it otherwise. */}}
    - name: MONITOR_PORT
      value: "8081"
    {{- range $name, $value := $values.settings }}
    - name: {{ $name }}
      value: {{ toString $value | quote }}
    {{- end }}
  ports:
    - name: mtls
      containerPort: 8443
    - name: mtls-monitor
      containerPort: 8081
  {{- /* Not /ready: that asks the application, which waits for this to pass. */}}
  startupProbe:
    httpGet:
      path: /live
      port: mtls-monitor
    periodSeconds: 1
    failureThreshold: 30
  livenessProbe:
    httpGet:
      path: /live
      port: mtls-monitor
    periodSeconds: 10
    timeoutSeconds: 3
  readinessProbe:
    httpGet:
      path: /ready
      port: mtls-monitor
    periodSeconds: 5
    timeoutSeconds: 3
    failureThreshold: 2
  resources:
    {{- toYaml $values.resources | nindent 4 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: {{ $values.runAsUser }}
    runAsGroup: {{ $values.runAsUser }}
    allowPrivilegeEscalation: false
    readOnlyRootFilesystem: true
    capabilities:
      drop: [ALL]
    seccompProfile:
      type: RuntimeDefault
  volumeMounts:
    - name: mtls-sidecar-certs
      mountPath: /etc/certs
      readOnly: true
    - name: mtls-sidecar-ca
      mountPath: /etc/ca
      readOnly: true
{{- end }}
