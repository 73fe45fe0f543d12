/* version.h: which release this is. */
#ifndef CAIRN_CLI_VERSION_H
#define CAIRN_CLI_VERSION_H

#define CAIRN_VERSION "0.1.0"

#endif
