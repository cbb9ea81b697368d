# Node-RED with the data pipeline, for a machine with 1 GiB: docs/docker.md. compose.yaml starts it with limits.
#   docker build -t ysh-data-pipeline .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/ysh-data-pipeline:0.1.0 --push .
FROM node:24.21.0-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
# everything in the versions of the lock file; nothing runs scripts of its own at installation
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build
# what is needed at run time, from this one installation, and the embedded database as a first start begins with it
# hadolint ignore=DL3059
RUN node build/image.ts /out

FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="YSH data pipeline" \
      org.opencontainers.image.description="Node-RED that keeps Brazilian electricity data fetched, checked, versioned and served" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="https://github.com/ysh/node-red-data-pipeline"
# No RUN from here on: nothing is emulated where the image is built for another processor.
COPY --from=build /out/app /app
# the volume's owner is the owner of this folder
COPY --from=build --chown=1000:1000 /out/data /data
WORKDIR /app
# All that is written goes to /data and /tmp, so that the root can be read-only. The V8 heap is for 512 MiB and more; compose.yaml says its own.
ENV NODE_ENV=production \
    NODE_RED_USER_DIR=/data \
    NODE_RED_HOST=0.0.0.0 \
    YSH_HEALTH_SOCKET=/tmp/ysh-health.sock \
    YSH_EMBEDDED_TEMPLATE=/app/template \
    NODE_OPTIONS="--max-semi-space-size=2 --max-old-space-size=256"
# `node` of the base image, by number for whoever checks runAsNonRoot
USER 1000:1000
VOLUME ["/data"]
EXPOSE 1880
STOPSIGNAL SIGTERM
# flows are running and stores answer; says what is wrong in one line (docker inspect)
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s --start-interval=3s --retries=3 \
  CMD ["node", "node_modules/@ysh/node-red-data-pipeline/dist/lib/health/main.js"]
# node itself is PID 1, so that SIGTERM reaches Node-RED
ENTRYPOINT ["node", "node_modules/node-red/red.js", "--settings", "node_modules/@ysh/node-red-data-pipeline/deploy/settings.cjs"]
