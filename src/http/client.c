/*
 * client.c - one blocking request over a Unix socket, by libcurl. Command line only.
 */
#include <curl/curl.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "http/http.h"

enum { CLIENT_TIMEOUT_S = 150, CLIENT_CONNECT_S = 5 };

static size_t body_h(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_mem(b, p, size * n);
	return buf_err(b) ? 0 : size * n;
}

static int err_from_curl(CURLcode rc, const char *path)
{
	struct stat st;

	switch (rc) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_CONNECT:
		if (stat(path, &st))
			return errno;
		return errno == EACCES ? EACCES : ECONNREFUSED;
	case CURLE_OPERATION_TIMEDOUT:
		return ETIMEDOUT;
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	case CURLE_WRITE_ERROR:
		return ERR_LIMIT;
	default:
		return EIO;
	}
}

static int set_request(CURL *c, const char *path, const char *method, const char *url, struct slice body)
{
	CURLcode rc = curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, path);

	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_URL, url);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	if (!rc)
		rc = curl_easy_setopt(c, CURLOPT_PROXY, ""); /* whatever the environment says */
	if (!rc && slice_isset(body)) {
		rc = curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.l);
		if (!rc)
			rc = curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p);
	}
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CLIENT_CONNECT_S);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)CLIENT_TIMEOUT_S);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, body_h);
	switch (rc) {
	case CURLE_OK:
		return 0;
	case CURLE_OUT_OF_MEMORY:
		return ENOMEM;
	default:
		return ENAMETOOLONG; /* of the socket's path: the only thing that can be wrong */
	}
}

int http_unix_request(const char *path, const char *method, const char *url_path, struct slice body, unsigned *status,
		      struct buf *out)
{
	struct curl_slist *headers = NULL;
	struct buf url;
	char *u = NULL;
	long code = 0;

	buf_init(&url);
	buf_printf(&url, "http://localhost%s", url_path);
	int err = buf_strdup(&url, &u);
	buf_free(&url);
	if (err)
		return err;
	CURL *c = curl_easy_init();
	if (!c) {
		mem_deref(u);
		return ENOMEM;
	}
	/* no "100 Continue": the server is next door */
	headers = curl_slist_append(headers, "Expect:");
	headers = curl_slist_append(headers, "Content-Type: application/json");
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	err = set_request(c, path, method, u, body);
	if (!err)
		err = err_from_curl(curl_easy_perform(c), path);
	if (!err) {
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
		*status = (unsigned)code;
	}
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	mem_deref(u);
	return err;
}
