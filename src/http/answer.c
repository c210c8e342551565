/*
 * answer.c - heads of answers with the fields that keep browsers safe, refusals in words, and files with ranges
 * (RFC 9110 13 to 15). Web thread.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "http/http_priv.h"

static const char *reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} v[] = {
		{101, "Switching Protocols"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{422, "Unprocessable Content"},
		{426, "Upgrade Required"},
		{428, "Precondition Required"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
		{507, "Insufficient Storage"},
	};

	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (v[i].status == status)
			return v[i].text;
	return status < 400 ? "OK" : "Error";
}

char *http_date(char *dst, int64_t t)
{
	static const char day[] = "SunMonTueWedThuFriSat", month[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t tt = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&tt, &tm))
		memset(&tm, 0, sizeof(tm));
	snprintf(dst, 32, "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT", day + 3 * (tm.tm_wday % 7),
		 (unsigned)tm.tm_mday % 100, month + 3 * (tm.tm_mon % 12), (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
	return dst;
}

/* Where the page may connect to: not all browsers count the WebSockets of its origin as 'self'. */
static void put_connect_src(struct buf *b, const struct http_conn *c)
{
	struct slice host = c->rq ? http_req_header(c->rq, "host") : SLICE_NULL;
	bool plain = host.l > 0 && host.l < 256;

	for (size_t i = 0; i < host.l && plain; i++) {
		unsigned char ch = (unsigned char)host.p[i];

		plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			strchr("-._:[]", ch);
	}
	buf_str(b, "; connect-src 'self'");
	if (plain)
		buf_printf(b, " %s://%.*s", c->tls ? "wss" : "ws", SLICE_FMT(host));
}

void http_answer_head(struct buf *b, const struct http_conn *c, unsigned status)
{
	char date[32];

	buf_printf(b, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status, reason(status),
		   http_date(date, loop_wall_ms(c->s->web) / 1000));
	buf_str(b, "Content-Security-Policy: default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
		   "img-src 'self' data: blob:; media-src 'self' blob:");
	put_connect_src(b, c);
	buf_str(b, "; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'\r\n"
		   "X-Content-Type-Options: nosniff\r\n"
		   "X-Frame-Options: DENY\r\n"
		   "Referrer-Policy: same-origin\r\n"
		   "Permissions-Policy: microphone=(self), camera=(self), geolocation=(), payment=(), usb=()\r\n"
		   "Cross-Origin-Opener-Policy: same-origin\r\n"
		   "Cross-Origin-Resource-Policy: same-origin\r\n");
}

static void put_end(struct buf *b, const struct http_conn *c)
{
	if (c->out.close || (c->rq && c->rq->head.close))
		buf_str(b, "Connection: close\r\n");
	else if (c->rq && !c->rq->head.minor)
		buf_str(b, "Connection: keep-alive\r\n");
	buf_str(b, "\r\n");
}

void http_refuse(struct http_conn *c, unsigned status, const char *code, const char *text, const char *field,
		 bool close)
{
	struct buf b, body;

	buf_init(&b);
	buf_init(&body);
	timer_stop(&c->tmr);
	c->out.close = close;
	buf_printf(&body, "{\"error\": {\"code\": \"%s\", \"message\": \"%s\"}}\n", code, text);
	http_answer_head(&b, c, status);
	buf_printf(&b, "Content-Type: application/json\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n", body.l);
	if (field)
		buf_printf(&b, "%s\r\n", field);
	put_end(&b, c);
	/* memory that is out ends the connection there */
	if (!c->head)
		buf_slice(&b, buf_get(&body));
	if (buf_err(&body))
		b.err = buf_err(&body);
	buf_free(&body);
	http_conn_send(c, &b, &(struct http_out){.fd = -1, .close = close});
}

void http_refuse_status(struct http_conn *c, unsigned status)
{
	static const struct {
		unsigned status;
		const char *code, *text;
	} v[] = {
		{400, "bad_request", "This is not a valid HTTP request."},
		{408, "too_slow", "The request took too long to arrive."},
		{414, "too_long", "The address of the request is too long."},
		{417, "unknown_expectation", "The server knows no expectation but 100-continue."},
		{431, "too_large", "The header of the request is too large."},
		{501, "unknown_method", "The server does not know this method, or this transfer coding."},
		{504, "too_slow", "The server took too long to answer."},
		{505, "unknown_version", "The server speaks HTTP/1.1."},
	};
	size_t i = 0;

	while (i + 1 < ARRAY_LEN(v) && v[i].status != status)
		i++;
	http_refuse(c, status, v[i].code, v[i].text, NULL, true);
}

/* ------------------------------------------------------------------ files */

/* Does If-Range allow a part (RFC 9110 13.1.5)? Only the very same file may be continued. */
static bool range_holds(const struct http_req *rq, struct slice etag, const char *modified)
{
	struct slice v = http_req_header(rq, "if-range");

	return !slice_isset(v) || slice_eq(v, etag) || slice_eqs(v, modified);
}

static struct slice field_of(const struct buf *fields, const char *name)
{
	struct slice rest = buf_get(fields);

	while (rest.l) {
		struct slice value = slice_cut(&rest, '\n'), n = slice_cut(&value, ':');

		if (slice_ieqs(n, name))
			return slice_trim(value);
	}
	return SLICE_NULL;
}

static void send_file(struct http_conn *c, int fd, const struct stat *st)
{
	struct http_req *rq = c->rq;
	uint64_t size = (uint64_t)st->st_size, off = 0, l = size;
	char own[80], modified[32];
	struct slice etag = field_of(&rq->fields, "etag"), range = http_req_header(rq, "range");
	unsigned status = rq->status;
	struct buf b;

	snprintf(own, sizeof(own), "\"%llx-%llx-%llx\"", (unsigned long long)st->st_ino, (unsigned long long)size,
		 (unsigned long long)st->st_mtim.tv_sec * 1000000000U + (unsigned long long)st->st_mtim.tv_nsec);
	http_date(modified, st->st_mtime);
	bool tagged = slice_isset(etag);
	if (!tagged)
		etag = slice_str(own);
	if (status == 200 && http_etag_in(http_req_header(rq, "if-none-match"), etag)) {
		status = 304;
		l = 0;
	} else if (status == 200 && slice_isset(range) && !c->head && range_holds(rq, etag, modified)) {
		enum http_range r = http_range_read(range, size, &off, &l);

		status = r == HTTP_RANGE_PART ? 206 : r == HTTP_RANGE_NONE ? 416 : 200;
		if (r == HTTP_RANGE_NONE)
			off = l = 0;
	}
	buf_init(&b);
	http_answer_head(&b, c, status);
	buf_slice(&b, buf_get(&rq->fields));
	if (!tagged)
		buf_printf(&b, "ETag: %s\r\n", own);
	buf_printf(&b, "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n", modified);
	if (!slice_isset(field_of(&rq->fields, "cache-control")))
		buf_str(&b, "Cache-Control: private, no-cache\r\n");
	if (status == 206)
		buf_printf(&b, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)off,
			   (unsigned long long)(off + l - 1), (unsigned long long)size);
	if (status == 416)
		buf_printf(&b, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
	if (status != 304)
		buf_printf(&b, "Content-Length: %llu\r\n", (unsigned long long)l);
	if (l)
		buf_printf(&b, "Content-Type: %s\r\n", rq->ctype[0] ? rq->ctype : "application/octet-stream");
	put_end(&b, c);
	http_conn_send(c, &b, &(struct http_out){.fd = fd, .off = off, .left = l});
}

static void answer_file(struct http_conn *c)
{
	struct stat st;
	int fd = open(c->rq->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && c->rq->file_once)
		(void)unlink(c->rq->file);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		send_file(c, fd, &st);
		return;
	}
	int err = fd < 0 ? errno : ENOENT;
	if (fd >= 0)
		close(fd);
	if (err == ENOENT || err == ENOTDIR)
		http_refuse(c, 404, "no_such_file", "The file is not there any more.", NULL, false);
	else
		http_refuse(c, 500, "no_such_file", "The file cannot be read.", NULL, false);
}

/* ------------------------------------------------------------------ what the loop thread answered */

void http_answer_send(struct http_conn *c)
{
	struct http_req *rq = c->rq;
	bool body = rq->ctype[0] && rq->status != 204 && rq->status != 304;
	struct buf b;

	if (rq->file && rq->status < 300) {
		answer_file(c);
		return;
	}
	buf_init(&b);
	http_answer_head(&b, c, rq->status);
	buf_slice(&b, buf_get(&rq->fields));
	if (body)
		buf_printf(&b, "Content-Type: %s\r\n", rq->ctype);
	if (rq->status != 204 && rq->status != 304)
		buf_printf(&b, "Content-Length: %zu\r\n", body ? rq->reply.l : 0);
	if (!slice_isset(field_of(&rq->fields, "cache-control")))
		buf_str(&b, "Cache-Control: no-store\r\n");
	put_end(&b, c);
	http_conn_send(c, &b,
		       &(struct http_out){.fd = -1, .p = (const uint8_t *)rq->reply.p, .left = body ? rq->reply.l : 0});
}
