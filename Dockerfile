# Node-RED with the data pipeline, for a machine with 1 GiB. Build: docker build -t ysh-data-pipeline .
# Run:   docker run -p 1880:1880 -v ysh-data:/data -e NODE_RED_ADMIN_USER=admin -e NODE_RED_ADMIN_PASSWORD_HASH='…' ysh-data-pipeline
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /tmp/*.tgz /tmp/package.tgz
RUN npm init -y >/dev/null \
 && npm install --omit=dev node-red@5 /tmp/package.tgz \
 && npm cache clean --force && rm /tmp/package.tgz \
 && mkdir /data && chown node:node /data
ENV NODE_ENV=production \
    NODE_RED_USER_DIR=/data \
    NODE_RED_HOST=0.0.0.0 \
    NODE_OPTIONS="--max-semi-space-size=2 --max-old-space-size=256"
USER node
VOLUME /data
EXPOSE 1880
# the editor answers once Node-RED is up
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:1880/').then(r => process.exit(r.status < 500 ? 0 : 1), () => process.exit(1))"]
# node itself is PID 1, so that SIGTERM reaches Node-RED
ENTRYPOINT ["node", "node_modules/node-red/red.js", "--settings", "node_modules/@ysh/node-red-data-pipeline/deploy/settings.cjs"]
