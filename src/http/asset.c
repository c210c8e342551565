/*
 * asset.c - the page's files, embedded in the program and compressed: found, named by their tags, sent as they are or
 * unpacked for who cannot. Web thread.
 *
 * A path that is no file, neither of their folder nor a name with a dot by itself, is a place within the page, which
 * the page itself shows.
 */
#include <string.h>
#include <zlib.h>
#include "http/http_priv.h"

enum { UNPACKED_MAX = 64 << 20 };

static const struct http_asset *find(const struct http_core *core, struct slice path)
{
	for (size_t i = 0; i < core->nasset; i++)
		if (slice_eqs(path, core->asset[i].path))
			return &core->asset[i];
	return NULL;
}

/* A place within the page: "/users/maria.k" is one, "/robots.txt" and "/assets/gone.js" are not. */
static bool is_place(struct slice path)
{
	struct slice first;

	(void)slice_cut(&path, '/');
	first = slice_cut(&path, '/');
	if (slice_eqs(first, "assets") || slice_eqs(first, "..") || slice_eqs(first, "."))
		return false;
	return slice_isset(path) || slice_chr(first, '.') < 0;
}

/* Is gzip welcome (RFC 9110 12.5.3)? */
static bool takes_gzip(struct slice accept)
{
	bool any = false;

	while (accept.l) {
		struct slice q = slice_cut(&accept, ','), coding = slice_trim(slice_cut(&q, ';'));
		bool gzip = slice_ieqs(coding, "gzip") || slice_ieqs(coding, "x-gzip");

		if (!gzip && !slice_eqs(coding, "*"))
			continue;
		q = slice_trim(q);
		/* "q=0", "q=0.000" */
		bool yes = !slice_starts(q, SLICE("q=")) || strspn(q.p + 2, "0.") < q.l - 2;
		if (gzip)
			return yes;
		any = yes;
	}
	return any;
}

/* Unpack; the last four bytes say how long it is (RFC 1952 2.3.1). NULL: memory is out, or it is damaged. */
static uint8_t *unpack(const struct http_asset *a, size_t *l)
{
	const uint8_t *e = a->gz + a->ngz;
	z_stream z = {0};

	if (a->ngz < 18)
		return NULL;
	size_t n = e[-4] | (size_t)e[-3] << 8 | (size_t)e[-2] << 16 | (size_t)e[-1] << 24;
	uint8_t *p = n <= UNPACKED_MAX ? mem_alloc(n + 1, NULL) : NULL;
	if (!p || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return mem_deref(p);
	z.next_in = (Bytef *)(uintptr_t)a->gz;
	z.avail_in = (uInt)a->ngz;
	z.next_out = p;
	z.avail_out = (uInt)n + 1;
	int rc = inflate(&z, Z_FINISH);
	bool ok = rc == Z_STREAM_END && z.total_out == n;
	inflateEnd(&z);
	*l = n;
	return ok ? p : mem_deref(p);
}

static void send_asset(struct http_conn *c, const struct http_req *rq, const struct http_asset *a)
{
	bool gzip = takes_gzip(http_req_header(rq, "accept-encoding"));
	bool same = http_etag_in(http_req_header(rq, "if-none-match"), slice_str(a->etag));
	struct http_out o = {.fd = -1, .p = a->gz, .left = a->ngz};
	struct buf b;

	if (same) {
		o.left = 0;
	} else if (!gzip) {
		size_t l = 0;

		o.p = o.own = unpack(a, &l);
		o.left = l;
		if (!o.p) {
			http_refuse(c, 503, "out_of_memory", "The server has not enough memory for this request.", NULL,
				    true);
			return;
		}
	}
	buf_init(&b);
	http_answer_head(&b, c, same ? 304 : 200);
	/* the same page in two codings has two strong tags, or one weak one (RFC 9110 8.8.3.3) */
	buf_printf(&b, "ETag: W/%s\r\nVary: Accept-Encoding\r\nCache-Control: %s\r\n", a->etag,
		   a->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	if (!same)
		buf_printf(&b, "Content-Type: %s\r\nContent-Length: %llu\r\n%s", a->ctype, (unsigned long long)o.left,
			   gzip ? "Content-Encoding: gzip\r\n" : "");
	buf_str(&b, c->out.close || rq->head.close ? "Connection: close\r\n\r\n" : "\r\n");
	http_conn_send(c, &b, &o);
}

void http_asset_answer(struct http_conn *c, const struct http_req *rq)
{
	struct http_core *core = rq->core;
	struct slice path = http_req_path(rq);
	const struct http_asset *a = find(core, path);

	if (!a && is_place(path))
		a = find(core, SLICE("/"));
	if (!a)
		http_refuse(c, 404, "no_such_path", "There is nothing here.", NULL, c->out.close);
	else if (!slice_eqs(http_req_method(rq), "GET"))
		http_refuse(c, 405, "method_not_allowed", "This can only be read.", "Allow: GET, HEAD", c->out.close);
	else
		send_asset(c, rq, a);
}
