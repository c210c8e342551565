/*
 * cert_names.c - what a certificate says of itself, and whom it proves to be (RFC 5922 7, RFC 5280 4.2.1.6).
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "loop/cert_priv.h"

int64_t cert_time(const ASN1_TIME *t)
{
	int days = 0, secs = 0;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);

	if (!epoch || !ASN1_TIME_diff(&days, &secs, epoch, t))
		days = secs = 0;
	ASN1_TIME_free(epoch);
	return (int64_t)days * 86400 + secs;
}

char *cert_date(int64_t t, char *dst)
{
	time_t tt = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&tt, &tm) || !strftime(dst, 11, "%Y-%m-%d", &tm))
		(void)slice_copy(dst, 11, SLICE("?"));
	return dst;
}

static void name_text(const X509_NAME *n, char *dst, size_t size)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	long l = 0;

	if (b && X509_NAME_print_ex(b, n, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		l = BIO_get_mem_data(b, &p);
	(void)slice_copy(dst, size, slice_mem(p, l > 0 ? (size_t)l : 0));
	BIO_free(b);
}

static void fingerprint(const X509 *x, char *dst, size_t size)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned l = 0;
	size_t at = 0;

	dst[0] = 0;
	if (!X509_digest(x, EVP_sha256(), md, &l))
		return;
	for (unsigned i = 0; i < l && at + 3 < size; i++)
		at += (size_t)snprintf(dst + at, size - at, i ? ":%02X" : "%02X", md[i]);
}

void cert_info(const struct cert *c, struct cert_info *i)
{
	memset(i, 0, sizeof(*i));
	name_text(X509_get_subject_name(c->x), i->subject, sizeof(i->subject));
	name_text(X509_get_issuer_name(c->x), i->issuer, sizeof(i->issuer));
	fingerprint(c->x, i->fingerprint, sizeof(i->fingerprint));
	snprintf(i->key, sizeof(i->key), "%s %d bits", EVP_PKEY_get0_type_name(c->key), EVP_PKEY_get_bits(c->key));
	i->not_before = cert_time(X509_get0_notBefore(c->x));
	i->not_after = cert_time(X509_get0_notAfter(c->x));
	i->self_signed = X509_self_signed(c->x, 0) == 1;
	ERR_clear_error();
}

/* One general name as text, with its kind in front; false for kinds that name no host. */
static bool general(const GENERAL_NAME *g, char *dst, size_t size)
{
	const char *kind = g->type == GEN_DNS ? "DNS:" : g->type == GEN_URI ? "URI:" : "IP:";
	struct slice v;
	struct sa a;
	char ip[SA_STRLEN];

	if (g->type != GEN_DNS && g->type != GEN_URI && g->type != GEN_IPADD)
		return false;
	v = slice_mem(ASN1_STRING_get0_data(g->d.ia5), (size_t)ASN1_STRING_length(g->d.ia5));
	if (g->type == GEN_IPADD) {
		if (v.l != 4 && v.l != 16)
			return false;
		sa_any(&a, v.l == 4 ? AF_INET : AF_INET6, 0);
		memcpy(v.l == 4 ? (void *)&a.u.in.sin_addr : (void *)&a.u.in6.sin6_addr, v.p, v.l);
		v = slice_str(sa_ntop(&a, ip));
	}
	/* a NUL inside would cut the name for whoever reads it as text */
	if (!v.l || memchr(v.p, 0, v.l))
		return false;
	snprintf(dst, size, "%s%.*s", kind, SLICE_FMT(slice_first(v, size - 5)));
	return true;
}

static bool common_name(const X509 *x, char *dst, size_t size)
{
	X509_NAME *n = X509_get_subject_name(x);
	int at = X509_NAME_get_index_by_NID(n, NID_commonName, -1);
	const ASN1_STRING *s = at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(n, at));
	size_t l = s ? (size_t)ASN1_STRING_length(s) : 0;

	if (!l || l >= size || memchr(ASN1_STRING_get0_data(s), 0, l))
		return false;
	return slice_copy(dst, size, slice_mem(ASN1_STRING_get0_data(s), l));
}

void cert_x509_names(const X509 *x, void (*fn)(const char *name, void *arg), void *arg)
{
	GENERAL_NAMES *v = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	char name[300];
	size_t n = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(v); i++) {
		if (!general(sk_GENERAL_NAME_value(v, i), name, sizeof(name)))
			continue;
		n++;
		fn(name, arg);
	}
	GENERAL_NAMES_free(v);
	if (!n && common_name(x, name + 3, sizeof(name) - 3)) {
		memcpy(name, "CN:", 3);
		fn(name, arg);
	}
	ERR_clear_error();
}

void cert_names(const struct cert *c, void (*fn)(const char *name, void *arg), void *arg)
{
	cert_x509_names(c->x, fn, arg);
}

/* What a name says about a host, without its kind; RFC 5922 7.1: a SIP URI counts only without user part. */
static struct slice host_of(const char *name)
{
	struct slice s = slice_str(name), scheme;

	scheme = slice_cut(&s, ':');
	if (!slice_eqs(scheme, "URI"))
		return s;
	scheme = slice_cut(&s, ':');
	if (!slice_ieqs(scheme, "sip") || slice_chr(s, '@') >= 0)
		return SLICE_NULL;
	s = slice_cut(&s, ';');
	return slice_cut(&s, '?');
}

struct proof {
	struct slice host;
	bool ok;
};

static struct slice no_dot(struct slice s)
{
	return s.l && s.p[s.l - 1] == '.' ? slice_first(s, s.l - 1) : s;
}

static void prove_h(const char *name, void *arg)
{
	struct proof *p = arg;
	struct slice h = no_dot(host_of(name));

	if (h.l && slice_ieq(h, p->host))
		p->ok = true;
}

bool cert_x509_proves(const X509 *x, struct slice host)
{
	struct proof p = {.host = no_dot(host)};

	cert_x509_names(x, prove_h, &p);
	return p.ok;
}

static void hosts_h(const char *name, void *arg)
{
	struct buf *b = arg;
	struct slice h = no_dot(host_of(name));

	if (!h.l)
		return;
	buf_slice(b, h);
	buf_char(b, '\n');
}

void cert_x509_hosts(const X509 *x, struct buf *b)
{
	cert_x509_names(x, hosts_h, b);
}

static void list_h(const char *name, void *arg)
{
	struct buf *b = arg;
	struct slice h = host_of(name);

	/* nobody reads a hundred names */
	if (!h.l || b->l > 120)
		return;
	buf_str(b, b->l ? ", " : "");
	buf_slice(b, h);
}

void cert_x509_list(const X509 *x, struct buf *b)
{
	cert_x509_names(x, list_h, b);
}

int cert_check_time(const struct cert *c, int64_t now, struct buf *why)
{
	char day[11];
	int64_t from = cert_time(X509_get0_notBefore(c->x)), to = cert_time(X509_get0_notAfter(c->x));

	if (now > to) {
		buf_printf(why, "The certificate expired on %s.", cert_date(to, day));
		return ETIMEDOUT;
	}
	if (now < from) {
		buf_printf(why, "The certificate is valid only from %s on.", cert_date(from, day));
		return EAGAIN;
	}
	return 0;
}
