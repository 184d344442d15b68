// A program that can be killed at any of its changes to files (change.cpp).
#pragma once

// How many there were.
long changes_of_files();

// Kills the program just before its change of this number, or in the middle of it if that is a
// write. The first is 1.
void die_at_change(long number);
