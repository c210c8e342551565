/*
 * tls_verify.c - is the other side who it should be (RFC 5922 7.2, 7.3; RFC 5280 6), and what to tell people when it is
 * not. Runs on the crypto threads.
 */
#include <stdio.h>
#include "loop/tls_priv.h"

static struct tls_hand *hand_of(X509_STORE_CTX *ctx)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	return CONTAINER_OF(BIO_get_data(SSL_get_rbio(ssl)), struct tls_hand, io);
}

static void issuer_of(const X509 *x, char *dst, size_t size)
{
	char cn[128];

	/* the organisation says more than the name of one of its keys */
	X509_NAME *n = X509_get_issuer_name(x);
	if (X509_NAME_get_text_by_NID(n, NID_organizationName, cn, sizeof(cn)) <= 0 &&
	    X509_NAME_get_text_by_NID(n, NID_commonName, cn, sizeof(cn)) <= 0)
		(void)slice_copy(cn, sizeof(cn), SLICE("nameless"));
	(void)slice_copy(dst, size, slice_str(cn));
}

/* A failed check of the chain as a sentence. */
static void chain_why(struct tls_hand *h, X509_STORE_CTX *ctx)
{
	int e = X509_STORE_CTX_get_error(ctx);
	X509 *x = X509_STORE_CTX_get_current_cert(ctx);
	const char *who = h->client ? h->host : "the peer";
	char what[160], day[11], by[128];

	if (X509_STORE_CTX_get_error_depth(ctx) > 0)
		snprintf(what, sizeof(what), "The certificate that signed that of %s", who);
	else
		snprintf(what, sizeof(what), "The certificate of %s", who);
	switch (x ? e : X509_V_ERR_UNSPECIFIED) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		snprintf(h->why, sizeof(h->why), "%s expired on %s.", what,
			 cert_date(cert_time(X509_get0_notAfter(x)), day));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		snprintf(h->why, sizeof(h->why), "%s is valid only from %s on: is the clock right?", what,
			 cert_date(cert_time(X509_get0_notBefore(x)), day));
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		snprintf(h->why, sizeof(h->why), "%s is self-signed, and we were not told to trust it.", what);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		issuer_of(x, by, sizeof(by));
		snprintf(h->why, sizeof(h->why), "The certificate of %s is signed by nobody we know (%s).", who, by);
		break;
	case X509_V_ERR_INVALID_PURPOSE:
		snprintf(h->why, sizeof(h->why), "%s is not meant for %s.", what, h->client ? "servers" : "clients");
		break;
	default:
		snprintf(h->why, sizeof(h->why), "%s is not accepted: %s.", what, X509_verify_cert_error_string(e));
	}
}

static void name_why(struct tls_hand *h, const X509 *x)
{
	struct buf b;

	buf_init(&b);
	cert_x509_list(x, &b);
	if (b.l)
		snprintf(h->why, sizeof(h->why), "The certificate is for %.*s, not %s.", SLICE_FMT(buf_get(&b)),
			 h->host);
	else
		snprintf(h->why, sizeof(h->why), "The certificate names no host, so it is not for %s.", h->host);
	buf_free(&b);
}

/* What a verified peer is, for later: the certificate itself is kept by nobody who needs it. */
static void keep_names(struct tls_hand *h, const X509 *x)
{
	struct buf b;

	buf_init(&b);
	cert_x509_hosts(x, &b);
	mem_deref(h->names);
	h->names = NULL;
	/* without memory the peer has proved nothing: a new connection will be made instead of using this one */
	if (b.l && buf_strdup(&b, &h->names))
		h->names = NULL;
	buf_free(&b);
}

int tls_verify_h(X509_STORE_CTX *ctx, void *arg)
{
	struct tls_hand *h = hand_of(ctx);
	X509 *x = X509_STORE_CTX_get0_cert(ctx);

	(void)arg;
	if (h->client && h->any)
		return 1;
	X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(ctx), (time_t)h->now_s);
	if (X509_verify_cert(ctx) != 1) {
		chain_why(h, ctx);
		return 0;
	}
	if (h->client && !cert_x509_proves(x, slice_str(h->host))) {
		name_why(h, x);
		X509_STORE_CTX_set_error(ctx, X509_V_ERR_HOSTNAME_MISMATCH);
		return 0;
	}
	keep_names(h, x);
	return 1;
}

bool tls_names_have(const char *names, struct slice host)
{
	struct slice s = slice_str(names);

	while (s.l && host.l)
		if (slice_ieq(slice_cut(&s, '\n'), host))
			return true;
	return false;
}

/* ------------------------------------------------------------------ errors of OpenSSL in words */

static const struct {
	int reason;
	const char *text;
} texts[] = {
	{SSL_R_HTTP_REQUEST, "The peer speaks HTTP where TLS is spoken."},
	{SSL_R_WRONG_VERSION_NUMBER, "The other side does not speak TLS on this port."},
	{SSL_R_UNSUPPORTED_PROTOCOL, "The other side knows only versions of TLS older than 1.2, which are not safe."},
	{SSL_R_VERSION_TOO_LOW, "The other side knows only versions of TLS older than 1.2, which are not safe."},
	{SSL_R_NO_SHARED_CIPHER, "The other side and we have no cipher in common."},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "The peer has no certificate, which is required here."},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	 "The other side found no cipher in common, or wants a certificate of ours."},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "The other side does not speak TLS 1.2 or later."},
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "The other side does not know who signed our certificate."},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "The other side does not accept our certificate."},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "The other side does not accept our certificate."},
	{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE, "The other side does not accept our kind of certificate."},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "The other side says that our certificate has expired."},
	{SSL_R_TLSV1_ALERT_ACCESS_DENIED, "The other side does not let us in."},
	{SSL_R_TLSV1_UNRECOGNIZED_NAME, "The other side does not know the name that we called it by."},
	{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "The other side wants a certificate of ours."},
};

void tls_error_text(char *dst, size_t size)
{
	unsigned long e = ERR_peek_error();
	const char *why = e ? ERR_reason_error_string(e) : NULL;

	for (size_t i = 0; e && i < ARRAY_LEN(texts); i++) {
		if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) == texts[i].reason) {
			(void)slice_copy(dst, size, slice_str(texts[i].text));
			return;
		}
	}
	snprintf(dst, size, "TLS failed: %s.", why ? why : "the connection broke");
}
