package io.tiltmeter.sources;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;

/** A planned log together with the way to open it. */
record PlannedFile(IngestPlan.Log log, MetricNames names, IngestPlan.Opener opener) implements LogFile {
    @Override
    public String path() {
        return log.location();
    }

    @Override
    public String runId() {
        return log.runId();
    }

    @Override
    public String project() {
        return log.project();
    }

    @Override
    public Map<String, String> attributes() {
        return log.attributes();
    }

    @Override
    public long length() {
        return log.length();
    }

    @Override
    public boolean announcesRun() {
        return log.announcesRun();
    }

    @Override
    public InputStream open() throws IOException {
        return Gzip.plain(opener.open(log.location()));
    }
}
