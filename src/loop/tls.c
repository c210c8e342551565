/*
 * tls.c - the TLS context: settings of OpenSSL, trusted signers, our certificate and its replacement.
 *
 * Each certificate gets a new SSL_CTX; connections keep the one that they began with.
 */
#include "base/log.h"
#include "loop/tls_priv.h"

struct metric tls_done = {
	.name = "tls_handshakes_total",
	.help = "TLS handshakes that were done, incoming and outgoing.",
};
struct metric tls_failed = {
	.name = "tls_handshakes_failed_total",
	.help = "TLS handshakes that were not, for whatever reason.",
};
struct metric tls_half_open = {
	.name = "tls_half_open",
	.help = "Incoming TLS handshakes in progress.",
	.gauge = true,
};

static void ctx_close(struct tls *t)
{
	LIST_EACH (&t->conns, k) {
		struct tls_conn *c = LINK_OBJ(k, struct tls_conn, le);
		c->t.ops = NULL;
		tcp_hold(&c->t);
		tcp_finish(&c->t, ECANCELED);
		c->tls = NULL;
		tcp_unhold(&c->t);
	}
	LIST_EACH (&t->listeners, k)
		tls_listener_orphan(LINK_OBJ(k, struct tls_listener, le));
	LIST_EACH (&t->hands, k) {
		LINK_OBJ(k, struct tls_hand, le)->tls = NULL;
		list_unlink(k);
	}
}

static void tls_destroy(void *obj)
{
	struct tls *t = obj;

	ctx_close(t);
	/* steps that are out come back to nobody: with the messages that wait now, or with those that run around us */
	bool out = t->crypto && crypto_out(t->crypto) > 0;
	mem_deref(t->crypto);
	if (out)
		loop_drain(t->loop);
	SSL_CTX_free(t->server);
	SSL_CTX_free(t->client);
	X509_STORE_free(t->client_store);
	sk_X509_NAME_pop_free(t->client_names, X509_NAME_free);
	mem_deref((void *)(uintptr_t)t->cert);
	mem_deref(t->plain);
	hash_free(&t->srcs);
}

/* ------------------------------------------------------------------ settings */

static SSL_CTX *ctx_new(bool client)
{
	SSL_CTX *x = SSL_CTX_new(client ? TLS_client_method() : TLS_server_method());

	if (!x)
		return NULL;
	bool ok = SSL_CTX_set_min_proto_version(x, TLS1_2_VERSION) == 1 &&
		  SSL_CTX_set1_groups_list(x, "X25519:P-256:P-384") == 1 &&
		  SSL_CTX_set_cipher_list(x, "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:AESGCM:AES:!aNULL:!eNULL:!PSK:"
					     "!SRP:!DSS") == 1 &&
		  SSL_CTX_set_num_tickets(x, 0) == 1;
	/* a phone stays connected for days: resuming saves nothing worth the keys it needs */
	(void)SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(x, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
					     SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_cert_verify_callback(x, tls_verify_h, NULL);
	if (ok)
		return x;
	SSL_CTX_free(x);
	return NULL;
}

static int use_cert(SSL_CTX *x, const struct cert *c)
{
	STACK_OF(X509) *chain = c->chain;

	ERR_clear_error();
	if (SSL_CTX_use_cert_and_key(x, c->x, c->key, chain, 1) == 1)
		return 0;
	ERR_clear_error();
	return EINVAL;
}

static int ask_clients(SSL_CTX *x, struct tls *t)
{
	STACK_OF(X509_NAME) *names = SSL_dup_CA_list(t->client_names);

	if (!names)
		return ENOMEM;
	SSL_CTX_set_client_CA_list(x, names);
	SSL_CTX_set1_cert_store(x, t->client_store);
	SSL_CTX_set_verify(x, SSL_VERIFY_PEER | (t->client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
	return 0;
}

int tls_set_cert(struct tls *t, const struct cert *c)
{
	SSL_CTX *server = ctx_new(false), *client = ctx_new(true);
	int err = server && client ? use_cert(server, c) : ENOMEM;

	if (!err)
		err = use_cert(client, c);
	if (!err && t->client_store)
		err = ask_clients(server, t);
	if (err) {
		SSL_CTX_free(server);
		SSL_CTX_free(client);
		return err;
	}
	/* who signs servers stays known */
	SSL_CTX_set1_cert_store(client, SSL_CTX_get_cert_store(t->client));
	SSL_CTX_set_verify(client, SSL_VERIFY_PEER, NULL);
	SSL_CTX_free(t->server);
	SSL_CTX_free(t->client);
	t->server = server;
	t->client = client;
	mem_ref(c);
	mem_deref((void *)(uintptr_t)t->cert);
	t->cert = c;
	return 0;
}

const struct cert *tls_cert(const struct tls *t)
{
	return t->cert;
}

int tls_trust(struct tls *t, const struct cert *ca)
{
	int ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(t->client), ca->x);

	ERR_clear_error();
	return ok == 1 ? 0 : ENOMEM;
}

/* ------------------------------------------------------------------ making */

static int load_ca(struct tls *t, const struct tls_cfg *cfg, struct buf *why)
{
	if (!cfg->no_system_ca && SSL_CTX_set_default_verify_paths(t->client) != 1)
		log_warn("loop", "the system's certificate authorities cannot be read");
	if (!cfg->ca_file)
		return 0;
	if (SSL_CTX_load_verify_file(t->client, cfg->ca_file) == 1)
		return 0;
	buf_printf(why, "%s cannot be read, or there is no certificate in it.", cfg->ca_file);
	return EINVAL;
}

static int load_client_ca(struct tls *t, const struct tls_cfg *cfg, struct buf *why)
{
	if (!cfg->client_ca_file)
		return 0;
	t->client_store = X509_STORE_new();
	if (!t->client_store)
		return ENOMEM;
	t->client_names = SSL_load_client_CA_file(cfg->client_ca_file);
	if (t->client_names && X509_STORE_load_file(t->client_store, cfg->client_ca_file) == 1)
		return 0;
	buf_printf(why, "%s cannot be read, or there is no certificate in it.", cfg->client_ca_file);
	return EINVAL;
}

static uint32_t or_default(uint32_t v, uint32_t def)
{
	return v ? v : def;
}

int tls_alloc(struct tls **tp, const struct tls_cfg *cfg, struct buf *why)
{
	struct tls *t = mem_zalloc(sizeof(*t), tls_destroy);

	if (!t)
		return ENOMEM;
	metric_reg(&tls_done);
	metric_reg(&tls_failed);
	metric_reg(&tls_half_open);
	t->loop = cfg->loop;
	t->client_required = cfg->client_required;
	t->max_half = or_default(cfg->max_half, TLS_HALF);
	t->max_half_src = or_default(cfg->max_half_src, TLS_HALF_SRC);
	t->handshake_ms = or_default(cfg->handshake_ms, TLS_HANDSHAKE_MS);
	hash_init(&t->srcs);
	t->plain = mem_alloc(TLS_RECORD, NULL);
	t->client = ctx_new(true);
	int err = t->plain && t->client ? crypto_alloc(&t->crypto, cfg->loop, cfg->threads) : ENOMEM;
	if (!err) {
		SSL_CTX_set_verify(t->client, SSL_VERIFY_PEER, NULL);
		err = load_ca(t, cfg, why);
	}
	if (!err)
		err = load_client_ca(t, cfg, why);
	ERR_clear_error();
	if (err) {
		mem_deref(t);
		return err;
	}
	*tp = t;
	return 0;
}

void tls_stats(const struct tls *t, struct tls_stats *st)
{
	*st = t->st;
	st->half = t->half;
	st->conns = t->conns.n;
}

/* ------------------------------------------------------------------ one handshake */

SSL *tls_ssl_new(struct tls_hand *h)
{
	SSL *ssl = SSL_new(h->ctx);
	BIO *bio = ssl ? tls_bio_new(&h->io) : NULL;

	if (!bio) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_bio(ssl, bio, bio);
	h->io.out = &h->out;
	if (!h->client) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	if (h->host && !h->literal && SSL_set_tlsext_host_name(ssl, h->host) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	return ssl;
}
