/* banned.h: calls that have no place here become compile errors.  Included by the build in every
 * file (-include), after the system headers it names. */
#ifndef CAIRN_BASE_BANNED_H
#define CAIRN_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat sprintf vsprintf gets strtok gmtime localtime ctime asctime atoi  \
    atol

#endif
