package io.tiltmeter.validate;

import java.util.List;
import java.util.Map;

/**
 * What the sweep over a dataset's files found, before and while they were read.
 *
 * @param files readable shards, ordered by name
 * @param damaged shards that cannot be read, wholly or in part, with the reason
 * @param schemas how many shards have each schema, by its description; the most frequent first
 * @param manifest rows that a manifest promises of each shard, empty without one
 */
public record FileFacts(List<File> files, Map<String, String> damaged, List<Schema> schemas, Map<String, Long> manifest)
        implements Dataset.Fact {
    public FileFacts {
        files = List.copyOf(files);
        damaged = Map.copyOf(damaged);
        schemas = List.copyOf(schemas);
        manifest = Map.copyOf(manifest);
    }

    /**
     * A shard.
     *
     * @param rows as the file itself says, -1 where it does not
     * @param groups row groups, 0 where files have none
     * @param mostRows rows of the largest row group
     */
    public record File(String name, long bytes, long rows, int groups, long mostRows) {}

    /**
     * A schema that shards have.
     *
     * @param columns names and types
     * @param shards how many have it
     * @param examples names of the first few
     */
    public record Schema(String columns, long shards, List<String> examples) {
        public Schema {
            examples = List.copyOf(examples);
        }
    }
}
