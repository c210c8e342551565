/*
 * fault.c - what can be wrong with disk and database, in words for people.
 */
#include "store/store_priv.h"

static const struct {
	int err;
	const char *text, *remedy;
} faults[] = {
	{ENOSPC, "The disk that holds the data directory is full.",
	 "Free some space there. What waits is then written by itself."},
	{EROFS, "The database cannot be written: it or its file system is read-only.",
	 "Make it writable again. What waits is then written by itself."},
	{EACCES, "The database cannot be opened or written with the permissions of this user.",
	 "Give the data directory and all in it to the user that runs offhook."},
	{EIO, "The disk that holds the data directory reports errors.",
	 "Look at the system's log and at the disk; keep a copy of the data directory in a safe place."},
	{EBUSY, "Another program keeps the database locked.",
	 "Close programs that have offhook.db open, such as sqlite3."},
	{EBADMSG, "The database is damaged.",
	 "Stop offhook, move offhook.db away, put back a copy (such as offhook.db.before-N) and start again."},
	{EPROTO, "The database does not have the tables that this version needs, or refuses a command.",
	 "The log has the details. A copy from before the last upgrade is offhook.db.before-N."},
};

bool fault_is(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (faults[i].err == err)
			return true;
	return false;
}

const char *fault_text(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (faults[i].err == err)
			return faults[i].text;
	return err == ENOMEM ? "Memory is out." : "The database does not work.";
}

const char *fault_remedy(int err)
{
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (faults[i].err == err)
			return faults[i].remedy;
	return err == ENOMEM ? "Give this machine more memory or offhook less to do." : "The log may say more.";
}
