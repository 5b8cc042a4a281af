/* SPDX-License-Identifier: Apache-2.0 */
/* attack: calls the kernel through the 32-bit and x32 doors, whose numbers a 64-bit filter misreads
 * category: system calls
 * inside: foreign architectures are closed: refused, or killed by SIGSYS
 * expect: stopped signalled
 */
#include <unistd.h>

#include "attack.h"

int main(void)
{
#ifdef __x86_64__
    long result = 20; /* getpid of i386 */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
    if (result == getpid())
        worked("int 0x80");
    result = 39L | 0x40000000L; /* getpid of x32 */
    __asm__ volatile("syscall" : "+a"(result) : : "memory", "rcx", "r11");
    if (result == getpid())
        worked("x32");
    errno = ENOSYS;
    stopped("both doors");
#else
    nothing_to_attack("only x86-64 has these doors");
#endif
}
