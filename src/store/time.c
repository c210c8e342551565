/*
 * time.c - times as people and programs write them: dates, dates with a time of day, milliseconds since 1970.
 */
#include <string.h>
#include <time.h>
#include "store/resource.h"

int resource_time(const char *s, int64_t *ms)
{
	static const char *const form[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
					   "%Y-%m-%d"};
	uint64_t n;

	if (slice_u64(slice_str(s), &n) == 0 && n <= INT64_MAX) {
		*ms = (int64_t)n;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(form); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *end = strptime(s, form[i], &tm);

		if (!end)
			continue;
		if (*end == '.')
			end += 1 + strspn(end + 1, "0123456789");
		if (strcmp(end, "Z") == 0)
			*ms = (int64_t)timegm(&tm) * 1000;
		else if (!*end)
			*ms = (int64_t)mktime(&tm) * 1000;
		else
			continue;
		return 0;
	}
	return ERR_SYNTAX;
}
