/* SPDX-License-Identifier: Apache-2.0 */
/* attack: reads the kernel's log, with addresses and the host's hardware
 * category: side information
 * inside: the call is not there, nor the device
 * as: root
 */
#include <fcntl.h>
#include <sys/klog.h>

#include "attack.h"

int main(void)
{
    char text[64];
    if (klogctl(3, text, sizeof(text)) < 0 && open("/dev/kmsg", O_RDONLY) < 0)
        stopped("syslog");
    worked("the kernel's log");
}
