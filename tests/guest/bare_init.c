// SPDX-License-Identifier: GPL-2.0
/*
 * init of a guest without busybox: runs its arguments, says how they ended,
 * powers off
 */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *type, const char *place)
{
	mkdir(place, 0755);
	if (mount(type, place, type, 0, NULL))
		perror(place);
}

int main(int argc, char **argv)
{
	int status = -1;
	pid_t child;

	mount_at("devtmpfs", "/dev");
	mount_at("proc", "/proc");
	mount_at("sysfs", "/sys");

	child = argc > 1 ? fork() : -1;
	if (!child) {
		execv(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	fflush(stdout);
	printf("guest: exit status %d\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	fflush(stdout);
	sync();
	reboot(RB_POWER_OFF);
	return EXIT_FAILURE;
}
