/* Lines of mountinfo, and this program's own mount. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "agentd/monitor/mount.h"

static void
the_type_follows_the_dash(void **state)
{
	static const char ext4[] = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext4 /dev/root rw\n",
			  sshfs[] = "37 35 0:55 / /home/eve/x rw,nosuid - fuse.sshfs eve@host: rw,user_id=1000\n",
			  cut[] = "38 35 0:55 / /home/eve/x rw,nosuid";
	bool served = true;

	(void)state;
	assert_true(mount_line(ext4, 36, &served));
	assert_false(served);
	assert_true(mount_line(sshfs, 37, &served));
	assert_true(served);
	assert_false(mount_line(ext4, 3, &served));
	assert_false(mount_line(ext4, 35, &served));
	assert_false(mount_line(cut, 38, &served));
	assert_false(mount_line("", 0, &served));
}

static void
an_ordinary_program_is_served_by_nobody(void **state)
{
	(void)state;
	assert_false(mount_program_is_served(getpid()));
	assert_true(mount_program_is_served(0)); /* no such process: in doubt */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_type_follows_the_dash),
		cmocka_unit_test(an_ordinary_program_is_served_by_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
