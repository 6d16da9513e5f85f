/* version: one place for the number that every program prints. */
#ifndef SSHTETHER_VERSION_H
#define SSHTETHER_VERSION_H

#define SSHTETHER_VERSION "0.1.0"

#endif
