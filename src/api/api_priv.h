/*
 * api_priv.h - what the files of this room share: the job that one request is, the table of routes, answers.
 * Nobody outside src/api reads it.
 */
#ifndef OFFHOOK_API_PRIV_H
#define OFFHOOK_API_PRIV_H

#include "api/api.h"
#include "base/list.h"
#include "base/mem.h"
#include "pbx/account.h"

enum {
	API_SEGMENTS = 6,
	API_PARAMS = 16,
	API_LIMIT_MAX = 1000, /**< rows of one answer: the loop thread spends about a millisecond on them */
	API_SHEET_MAX = 10000 /**< rows of an answer in CSV: the reader thread makes it */
};

struct api {
	struct loop *loop;
	struct pbx *pbx;
	struct cert_live *cert; /**< NULL: no server runs */
	struct list walks;      /**< pages that are being made (page.c) */
	char *openapi;          /**< the document, once it was asked for; jansson's block */
};

struct route;
/** What a list as CSV has, for api_sheet_render(). */
struct sheet {
	const struct resource *r;
	bool secrets, header;
};

/** A request from its arrival to its answer. Freed by job_reply(). */
struct job {
	struct api *api;
	api_answer_h *h;
	void *arg;
	const struct route *route;
	const struct resource *r; /**< of routes made from the resource table */
	char *seg[API_SEGMENTS];  /**< path after /api/v1, cut at '/', escapes taken off */
	size_t nseg;
	char *name[API_PARAMS], *value[API_PARAMS]; /**< query */
	size_t nparam;
	json_t *body; /**< parsed; NULL when there was none */
	char author[96];
	struct principal who; /**< its `session` lives until the answer */
	struct sa peer;
	bool has_peer, secure;
	char agent[100];
	char once[ACCOUNT_TOKEN]; /**< creation: a token that the answer shows, once; or empty */
	struct api_answer answer; /**< headers are noted here while it works */
	bool csv;                 /**< the answer is wanted as CSV */
	size_t turn;              /**< search: the table that is looked through */
	struct sheet out;         /**< of a list as CSV */
	struct slice sheet;       /**< body as CSV; valid until the route's function returns */
	struct slice gzip;        /**< body as a compressed file; likewise */
	int64_t version;          /**< If-Match: of the row to be changed, as change_item.version; 0: not asked */
	char none_match[64];      /**< If-None-Match */
	/* for changes */
	struct change_item *item;
	size_t nitem;
	json_t *plan;     /**< import: what is about to be changed, for the answer */
	json_t *warnings; /**< array or NULL */
	/** Of an import: what it says is all there is; nothing is changed; it is a backup's (backup.c); its name in the
	 * history. */
	bool replace, dry;
	struct restore *restore;
	const char *text;
	bool generated;   /**< creation: a secret was made by the system and belongs into the answer */
	const char *noun; /**< what was not found, for sentences */
	char noun_of_row[RESOURCE_NOUN];
};

/** How a path is spelled: fixed words, and "{}" for one segment. */
struct route {
	const char *method, *path;
	const char *query; /**< allowed parameters, space separated; parameter.c explains them */
	void (*fn)(struct job *j);
	enum role least; /**< who may; ROLE_NONE: anybody, without a sign-in. Of resources: see rights.h */
	uint32_t scope;  /**< what a token needs for it: one bit of enum scope; 0: no token may */
	/* for the OpenAPI document */
	const char *help;   /**< a sentence: what it does */
	const char *body;   /**< type of the body (struct shape_member.type); NULL: none */
	const char *answer; /**< type of the answer; "call[]": {"items": [...]}, "cdr[]+": with "next"; "@text/plain":
				bytes of that type; NULL: 204 */
	unsigned csv;       /**< enum route_csv */
};
/** Where something else than JSON is spoken. */
enum route_csv {
	CSV_IN = 1,    /**< the body may be CSV */
	CSV_OUT = 2,   /**< the answer may be: Accept: text/csv */
	CSV_ONLY = 4,  /**< the body must be */
	GZIP_IN = 8,   /**< the body may be a compressed file */
	FILE_OUT = 16, /**< the answer is one */
	SOUND_OUT = 32 /**< the answer is a file of sound */
};
/** Paths that are no resource's (routes.c). */
extern const struct route api_fixed_routes[];
extern const size_t api_nfixed_routes;
/** Below each resource's plural; "row" stands for the resource in body and answer. */
extern const struct route api_resource_routes[];
extern const size_t api_nresource_routes;

/** One member of a JSON object of ours. */
struct shape_member {
	const char *name;
	/** "string", "integer", "number", "boolean", "time" (ms since 1970), "object" (any members), "=on off" (one of
	 * these words), or the name of a shape; with "[]" behind it an array, with "?" null as well, with "!" required
	 * in bodies */
	const char *type;
	const char *help;
};
/** An object that bodies or answers are or have (shape.c). */
struct shape {
	const char *name, *help;
	const struct shape_member *member;
	size_t n;
};
extern const struct shape api_shapes[];
extern const size_t api_nshapes;
/** By name; NULL. */
const struct shape *api_shape(struct slice name);
/** What the parameter of a query means: a sentence; NULL: nobody has written one. `type` as struct shape_member. */
const char *api_parameter(const char *name, const char **type);

/** Words with spaces between them as an array. */
json_t *api_words(const char *list);
/** The default of a field as a value of its type; NULL: there is none. */
json_t *api_default(const struct field *f);

/** The least role that may read, or change, rows of a resource (rights.c). */
enum role rights_resource(const struct resource *r, bool change);
/** May who asks do this? False: the job is ended with 401 or 403. `route` is found by now. Secrets are for
 * administrators, and asking for them is logged. */
bool rights_allow(struct job *j);

/** End without an answer, when there is nobody to answer any more. */
void job_drop(struct job *j);
/** End: hand the answer over (`body` reference is taken over, may be NULL) and free the job. */
void job_reply(struct job *j, unsigned status, json_t *body);
/** End with bytes of another type ("text/csv; charset=utf-8"), which are copied by who gets them. */
void job_bytes(struct job *j, unsigned status, const char *ctype, struct slice bytes);
/** End with a file. */
void job_file(struct job *j, const char *ctype, const char *path);
/** The same with one that is removed then. */
void job_file_once(struct job *j, const char *ctype, const char *path);
/** Add a header to the answer; beyond the fourth they are dropped. */
void job_header(struct job *j, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** End with an error; `field` may be NULL. */
void job_error(struct job *j, unsigned status, const char *code, const char *field, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
/** End with 422 and all that is wrong: array of {"field", "message"}, whose reference is taken. */
void job_errors(struct job *j, json_t *errors);
/** The version of a row from store_get() or a change, which is taken out of it; into the answer as its ETag if
 * `tag`. 0: it has none. */
int64_t job_version(struct job *j, json_t *row, bool tag);
/** End with the error that an errno of store or pbx stands for; `why` may be NULL. */
void job_fail(struct job *j, int err, const char *why);
/** End with {"items": [...]} around an array; an object that has items goes out as it is. Takes the reference. NULL:
 * out of memory. */
void job_items(struct job *j, json_t *res);
/** Answers of the store go straight out: call-back for store_json_h. */
void job_store_h(int err, const char *why, json_t *res, void *arg);
/** End with a page of CSV from the store ({"text", "next"}); where the next one begins tells the header Link (RFC
 * 8288), by the parameter `cursor`. */
void job_page(struct job *j, const json_t *res, const char *cursor);
/** Is it one of the route's own parameters, and no field? */
bool job_own_param(const struct job *j, const char *name);
/** Parameter of the query, or NULL. */
const char *job_param(const struct job *j, const char *name);
/** Parameter "1" or "true". */
bool job_flag(const struct job *j, const char *name);
/** Number parameter with limits; false: the job is ended with 400. */
bool job_number(struct job *j, const char *name, uint64_t max, uint64_t *v);
/** Note a warning for the answer. */
void job_warn(struct job *j, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** Warn of weak passwords in a row that is about to be written. */
void job_warn_weak(struct job *j, const struct resource *r, const char *key, const json_t *row);
/** Text members of the body, and no others, in the order of `names` (NULL-terminated); the first `need` must be there,
 * others are NULL. False: the job is ended with 422. */
bool api_texts(struct job *j, const char *const *names, const char **v, size_t need);
/** Name of the session's cookie. */
const char *api_cookie_name(bool secure);
/** A token is about to be made: what is kept of it goes into the body. False: the job is ended. */
bool api_token_prepare(struct job *j);
/** A string member, or NULL. */
const char *json_text(const json_t *o, const char *name);

/* resource.c: the verbs of a configuration table */
void api_resource_list(struct job *j);
void api_resource_create(struct job *j);
void api_resource_put(struct job *j);
void api_resource_get(struct job *j);
void api_resource_patch(struct job *j);
void api_resource_delete(struct job *j);
/* sheet.c: CSV */
/** Import: `change` rows that are there as well, else make new ones only. */
void api_sheet_import(struct job *j, bool change);
int api_sheet_render(const json_t *items, const void *arg, struct buf *out) MUST_CHECK;
/* record_sheet.c */
int api_cdr_render(const json_t *items, const void *arg, struct buf *out) MUST_CHECK;
int api_recording_render(const json_t *items, const void *arg, struct buf *out) MUST_CHECK;
/** Rows that a page may have, and whether its CSV begins with a line of names; false: the job is ended. */
bool job_sheet(struct job *j, uint32_t *limit);
/* search.c */
void api_search(struct job *j);
/* live.c: what the running system shows */
void api_status(struct job *j);
void api_alarms(struct job *j);
/* calls.c: what is done with calls */
void api_originate(struct job *j);
void api_hangup(struct job *j);
void api_hold(struct job *j);
void api_resume(struct job *j);
void api_transfer(struct job *j);
/* capture.c: what went over the wire */
void api_call_messages(struct job *j);
void api_call_pcap(struct job *j);
void api_call_quality(struct job *j);
void api_stats_hours(struct job *j);
/* live.c again */
void api_cdr(struct job *j);
void api_cdr_one(struct job *j);
/* schema.c, openapi.c */
void api_schema(struct job *j);
void api_openapi(struct job *j);
/* page.c */
void api_calls(struct job *j);
void api_registrations(struct job *j);
/** Pages that are being made are never answered: the end. */
void api_walks_end(struct api *a);
/** A time parameter; false: the job is ended with 400. */
bool job_time(struct job *j, const char *name, int64_t *ms);
/* recording.c */
void api_record(struct job *j);
void api_conference_record(struct job *j);
void api_recordings(struct job *j);
void api_recording(struct job *j);
void api_recording_remove(struct job *j);
void api_log_level_get(struct job *j);
void api_log_level_put(struct job *j);
void api_inspect_list(struct job *j);
void api_inspect_one(struct job *j);
void api_metrics(struct job *j);
/* conference.c: who is in one */
void api_members(struct job *j);
void api_conference_members(struct job *j);
void api_member_mute(struct job *j);
void api_member_unmute(struct job *j);
void api_member_kick(struct job *j);
/* certificate.c: TLS */
void api_certificate_get(struct job *j);
void api_certificate_put(struct job *j);
/* security.c: bans */
void api_trunks(struct job *j);
void api_trunk_status(struct job *j);
void api_trunk_test(struct job *j);
void api_security(struct job *j);
void api_bans(struct job *j);
void api_ban(struct job *j);
void api_lift(struct job *j);
/* explain.c: where a number leads, and what the brakes count */
void api_explain(struct job *j);
void api_brakes(struct job *j);
/* config.c: configuration as a whole */
void api_export(struct job *j);
void api_history(struct job *j);
void api_undo(struct job *j);
/* session.c: signing in, first start, tokens */
void api_session_get(struct job *j);
void api_session_post(struct job *j);
void api_session_delete(struct job *j);
void api_setup_get(struct job *j);
void api_setup_post(struct job *j);
void api_token_use(struct job *j);
/* me.c: one's own account */
void api_me_get(struct job *j);
void api_me_patch(struct job *j);
void api_me_password(struct job *j);
void api_me_totp(struct job *j);
void api_me_totp_confirm(struct job *j);
void api_me_totp_off(struct job *j);
void api_me_sessions(struct job *j);
void api_me_sessions_end(struct job *j);
void api_me_session_end(struct job *j);
void api_me_devices(struct job *j);
void api_me_calls(struct job *j);
void api_me_recordings(struct job *j);
/** May who asks hear recordings of the own extension? False: the job is ended. */
bool job_may_listen(struct job *j);
/* sound.c */
void api_recording_sound(struct job *j);
void api_me_recording_sound(struct job *j);
/* import.c */
void api_import(struct job *j);
/** The same with j->body from elsewhere, and j->replace, dry, text set. With j->restore its end is told to
 * restore_imported(), which takes the result over, in place of an answer. */
void api_import_body(struct job *j);
/* network.c */
void api_network_confirm(struct job *j);
/** Into the answer to a change: until when it has to be confirmed, and what has no effect while an option holds it. */
void api_network_more(struct job *j, json_t *answer);
/* backup.c */
struct restore;
void api_backup_get(struct job *j);
void api_backup_post(struct job *j);
void api_restore(struct job *j);
void restore_imported(struct job *j, json_t *res);
void restore_free(struct restore *r);

/** "2026-01-31", "2026-01-31T12:00[:00][Z]" (without Z: local time) or ms since 1970. ERR_SYNTAX. */
int api_time_parse(const char *s, int64_t *ms) MUST_CHECK;

#endif
