/*
 * conn.c - one HTTP connection as libwebsockets shows it: request line, body, answer in chunks.
 * Web thread.
 *
 * libwebsockets hands over path and arguments with their percent escapes taken off; they are put
 * back so that http_req_path() and http_req_query() are what RFC 3986 calls path and query.
 */
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "http/http_priv.h"

static const char *const method_name[] = {
	[LWSHUMETH_GET] = "GET",         [LWSHUMETH_POST] = "POST",   [LWSHUMETH_OPTIONS] = "OPTIONS",
	[LWSHUMETH_PUT] = "PUT",         [LWSHUMETH_PATCH] = "PATCH", [LWSHUMETH_DELETE] = "DELETE",
	[LWSHUMETH_CONNECT] = "CONNECT", [LWSHUMETH_HEAD] = "HEAD",
};

/* Append with percent escapes for all but unreserved characters and those of `keep`. */
static void put_escaped(struct buf *b, const char *p, size_t l, const char *keep)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < l; i++) {
		unsigned char c = (unsigned char)p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c && strchr("-._~*", c)) || (c && strchr(keep, c));

		if (plain) {
			buf_char(b, (char)c);
		} else {
			buf_char(b, '%');
			buf_char(b, hex[c >> 4]);
			buf_char(b, hex[c & 15]);
		}
	}
}

static void read_query(struct lws *wsi, struct buf *b)
{
	char frag[HTTP_MAX_HEADER];

	for (int i = 0;; i++) {
		int n = lws_hdr_copy_fragment(wsi, frag, (int)sizeof(frag), WSI_TOKEN_HTTP_URI_ARGS, i);
		char *eq;

		if (n < 0 || (n == 0 && i > 0))
			return;
		if (n == 0)
			continue;
		if (b->l)
			buf_char(b, '&');
		eq = memchr(frag, '=', (size_t)n);
		if (!eq) {
			put_escaped(b, frag, (size_t)n, "");
			continue;
		}
		put_escaped(b, frag, (size_t)(eq - frag), "");
		buf_char(b, '=');
		put_escaped(b, eq + 1, (size_t)(frag + n - eq - 1), "");
	}
}

/* Who is at the other end of the Unix socket: the kernel says so, not the client. */
static void peer_user(struct lws *wsi, char *dst, size_t size)
{
	int fd = (int)lws_get_socket_fd(wsi);
	uid_t uid;
	char tmp[1024];
	struct passwd pw, *found = NULL;
#ifdef SO_PEERCRED
	struct ucred cr;
	socklen_t l = sizeof(cr);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cr, &l))
		return;
	uid = cr.uid;
#else
	gid_t gid;

	if (getpeereid(fd, &uid, &gid))
		return;
#endif
	if (getpwuid_r(uid, &pw, tmp, sizeof(tmp), &found) == 0 && found)
		(void)slice_copy(dst, size, slice_str(pw.pw_name));
	else
		snprintf(dst, size, "uid %u", (unsigned)uid);
}

/* Answer without asking the loop thread. The reply is one sentence, in the form that the API uses. */
static int refuse(struct http_conn *c, unsigned status, const char *code, const char *text)
{
	struct http_req *rq = c->rq;

	rq->answered = true;
	rq->status = status;
	(void)slice_copy(rq->ctype, sizeof(rq->ctype), SLICE("application/json"));
	buf_printf(&rq->reply, "{\"error\": {\"code\": \"%s\", \"message\": \"%s\"}}\n", code, text);
	lws_callback_on_writable(c->wsi);
	return 0;
}

static int too_large(struct http_conn *c)
{
	return refuse(c, 413, "too_large", "The request is larger than the server takes.");
}

static int submit(struct http_conn *c)
{
	struct http_req *rq = c->rq;

	if (buf_err(&rq->path) || buf_err(&rq->query) || buf_err(&rq->body))
		return refuse(c, 503, "out_of_memory", "The server has not enough memory for this request.");
	c->waiting = true;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_OK, HTTP_ANSWER_S);
	http_req_submit(rq);
	return 0;
}

/* Length of the announced body; false: chunked or not a number. */
static bool body_length(struct lws *wsi, uint64_t *n)
{
	char text[24];
	int l = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);

	*n = 0;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
		return false;
	if (l <= 0)
		return true;
	if (l >= (int)sizeof(text) || lws_hdr_copy(wsi, text, (int)sizeof(text), WSI_TOKEN_HTTP_CONTENT_LENGTH) < 0)
		return false;
	return slice_u64(slice_trim(slice_str(text)), n) == 0;
}

static int request_line(struct http_conn *c)
{
	struct http_req *rq = mem_zalloc(sizeof(*rq), NULL);
	char *uri = NULL;
	int len = 0;
	uint64_t body = 0;

	if (!rq)
		return -1;
	rq->core = http_core_ref(lws_context_user(lws_get_context(c->wsi)));
	rq->conn = c;
	c->rq = rq;
	int m = lws_http_get_uri_and_method(c->wsi, &uri, &len);
	if (m < 0 || m >= (int)ARRAY_LEN(method_name) || !method_name[m])
		return refuse(c, 501, "unknown_method", "The server does not know this method.");
	buf_str(&rq->method, method_name[m]);
	put_escaped(&rq->path, uri, (size_t)len, "/:@!$&'()+,;=");
	read_query(c->wsi, &rq->query);
	peer_user(c->wsi, rq->user, sizeof(rq->user));
	if (!body_length(c->wsi, &body))
		return refuse(c, 411, "length_required", "Send the body with Content-Length.");
	/* a client that is cut off while it sends would not see the answer: somewhat too long bodies are read first */
	rq->oversize = body > rq->core->max_body;
	if (rq->oversize && body / HTTP_SWALLOW > rq->core->max_body)
		return too_large(c);
	rq->body.max = rq->core->max_body;
	return body ? 0 : submit(c);
}

static int body_bytes(struct http_conn *c, const void *p, size_t l)
{
	if (!c->rq || c->waiting || c->rq->answered)
		return 0; /* the rest of a body that was refused */
	if (c->rq->oversize)
		return 0;
	buf_mem(&c->rq->body, p, l);
	return buf_err(&c->rq->body) == ERR_LIMIT ? -1 : 0;
}

/* ------------------------------------------------------------------ answer */

static int write_headers(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	unsigned char area[LWS_PRE + 1024], *start = area + LWS_PRE, *p = start, *end = area + sizeof(area) - 1;
	bool empty = rq->status == 204;

	if (lws_add_http_common_headers(c->wsi, rq->status, empty ? NULL : rq->ctype,
					empty ? 0 : (lws_filepos_t)rq->reply.l, &p, end))
		return -1;
	if (lws_add_http_header_by_name(
		    c->wsi, (const unsigned char *)"cache-control:", (const unsigned char *)"no-store", 8, &p, end))
		return -1;
	rq->headers_sent = true;
	return lws_finalize_write_http_header(c->wsi, start, &p, end);
}

static int write_more(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	unsigned char area[LWS_PRE + HTTP_CHUNK];
	size_t left = rq->reply.l - rq->sent, n = left < HTTP_CHUNK ? left : HTTP_CHUNK;
	enum lws_write_protocol kind = n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP;

	memcpy(area + LWS_PRE, rq->reply.p + rq->sent, n);
	if (lws_write(c->wsi, area + LWS_PRE, n, kind) < (int)n)
		return -1;
	rq->sent += n;
	lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, HTTP_IDLE_S);
	return 0;
}

static int writable(struct http_conn *c)
{
	struct http_req *rq = c->rq;

	if (!rq || c->waiting || !rq->answered)
		return 0;
	bool head = slice_eqs(buf_get(&rq->method), "HEAD") || rq->status == 204;
	if (!rq->headers_sent) {
		if (write_headers(c))
			return -1;
		if (rq->reply.l && !head) {
			lws_callback_on_writable(c->wsi);
			return 0;
		}
	} else if (write_more(c)) {
		return -1;
	}
	if (!head && rq->sent < rq->reply.l) {
		lws_callback_on_writable(c->wsi);
		return 0;
	}
	bool refused = rq->status == 413 || rq->status == 411;
	c->rq = NULL;
	http_req_free(rq);
	/* the body of a refused request is not waited for */
	return refused || lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

static void gone(struct http_conn *c)
{
	if (!c->rq)
		return;
	if (c->waiting)
		c->rq->conn = NULL; /* freed when its answer comes */
	else
		http_req_free(c->rq);
	c->rq = NULL;
	c->waiting = false;
}

int http_conn_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct http_conn *c = user;

	switch (reason) {
	case LWS_CALLBACK_HTTP:
		gone(c);
		c->wsi = wsi;
		return request_line(c);
	case LWS_CALLBACK_HTTP_BODY:
		return body_bytes(c, in, len);
	case LWS_CALLBACK_HTTP_BODY_COMPLETION:
		if (!c->rq || c->waiting || c->rq->answered)
			return 0;
		return c->rq->oversize ? too_large(c) : submit(c);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return writable(c);
	case LWS_CALLBACK_CLOSED_HTTP:
		if (c)
			gone(c);
		return 0;
	case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
		if (c)
			gone(c);
		return 0;
	default:
		return 0; /* files, upgrades and the rest are not served */
	}
}
