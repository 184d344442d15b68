// What stands in for io/archives/ in a build without libzip and HDF5: errors that say so.
