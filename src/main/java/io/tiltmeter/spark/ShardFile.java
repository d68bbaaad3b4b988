package io.tiltmeter.spark;

import java.io.Serializable;

/**
 * A readable file of a dataset.
 *
 * @param index place among all shards in the order of their names
 * @param name path below the dataset
 * @param schema index among the dataset's layouts
 * @param rows as the file says, -1 where it does not
 * @param groupStarts places of row groups in the file, where there are any
 * @param groupRows rows of each row group
 */
record ShardFile(
        int index,
        String name,
        String path,
        long length,
        long modified,
        int schema,
        long rows,
        long[] groupStarts,
        long[] groupRows)
        implements Serializable {}
