// header.cc - the public headers are C++ as well, and their functions have C names.
#include <offhook/err.h>
#include <offhook/ua.h>
#include <offhook/version.h>

int main()
{
	oh_call_options o = {};
	oh_event ev = {};

	ev.type = OH_CALL_ENDED;
	return o.record || ev.code || oh_strerror(OH_ERR_AUTH)[0] == 0 || oh_version()[0] == 0;
}
