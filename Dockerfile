# syntax=docker/dockerfile:1

# Both tags are exact; a digest pins what they stand for:
#   --build-arg BUILD_DIGEST=@sha256:... --build-arg RUNTIME_DIGEST=@sha256:...
# A release gives both, and its provenance tells which they were.
ARG DENO_VERSION=2.9.6
ARG BUILD_DIGEST=""
ARG RUNTIME_DIGEST=""

# Runs on the builder's own architecture and compiles for the image's.
FROM --platform=$BUILDPLATFORM denoland/deno:debian-${DENO_VERSION}${BUILD_DIGEST} AS build
ARG TARGETARCH
ARG COMMIT=""
WORKDIR /source
COPY deno.json deno.lock main.ts ./
COPY src/ src/
COPY tasks/ tasks/
RUN case "$TARGETARCH" in amd64) arch=x64 ;; *) arch=$TARGETARCH ;; esac \
  && deno task compile --target="linux-$arch" --commit="$COMMIT" --output=/out \
  && mv "/out/mtls-sidecar-linux-$arch" /out/mtls-sidecar \
  && chmod 0555 /out/mtls-sidecar \
  && mkdir -m 0700 /out/run

# glibc and libgcc_s, which the executable needs, and no shell. Debian's release
# says which, and the digest exactly which.
FROM gcr.io/distroless/cc-debian12:nonroot${RUNTIME_DIGEST}
ARG VERSION=0.1.0
ARG COMMIT=""
ARG CREATED=""
LABEL org.opencontainers.image.title="mtls-sidecar" \
  org.opencontainers.image.description="Mutual TLS in, plain HTTP out, in front of one application" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${COMMIT}" \
  org.opencontainers.image.created="${CREATED}"
COPY LICENSE LICENCES.md /usr/share/doc/mtls-sidecar/
COPY --from=build /out/mtls-sidecar /usr/local/bin/mtls-sidecar
# A volume that an application shares to be reached by a Unix socket goes here.
COPY --from=build --chown=65532:65532 /out/run /run/mtls-sidecar

# By number, which is all that Kubernetes takes for runAsNonRoot. Images of the
# sidecar before this one ran as 1000: any other number does as well, as long as
# it can read the certificates. Nothing is written: the root may be read-only.
USER 65532:65532
WORKDIR /
EXPOSE 8443 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/mtls-sidecar", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/mtls-sidecar"]
