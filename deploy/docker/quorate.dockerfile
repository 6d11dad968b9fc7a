# Built from a checkout, with its root as the context:
#   docker build -f deploy/docker/quorate.dockerfile -t quorate:0.1.0 .
# Downloads nothing but the base image and what package-lock.json names.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages ./packages
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    && npm cache clean --force

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
# V8 lets new objects take 128 MiB before it collects them; a quarter of that is as fast here.
ENV NODE_OPTIONS=--max-semi-space-size=16
WORKDIR /app
COPY --from=dependencies --chown=root:root /app /app
RUN ln -s /app/packages/cli/src/bin.ts /usr/local/bin/quorate \
    && chmod 0755 /app/packages/cli/src/bin.ts \
    && groupadd --system --gid 10001 quorate \
    && useradd --system --uid 10001 --gid quorate --no-create-home \
         --shell /usr/sbin/nologin quorate \
    && install -d -o quorate -g quorate -m 0700 /var/lib/quorate
USER 10001:10001
VOLUME ["/var/lib/quorate"]
EXPOSE 2379 2380
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD node -e "fetch('http://127.0.0.1:2379/livez') \
    .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["quorate"]
CMD ["serve", \
  "--data-dir", "/var/lib/quorate/data", \
  "--listen-client-urls", "http://0.0.0.0:2379", \
  "--advertise-client-urls", "http://127.0.0.1:2379"]
