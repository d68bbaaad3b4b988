package io.tiltmeter.cli;

/** The application's entry, for {@code spark-submit --class}. The only place that ends the process. */
public final class Main {
    private Main() {}

    /** Runs {@code <command> <options>}; see {@link ExitCode} for how it ends. */
    public static void main(String[] arguments) {
        CommandRunner.Ending ending = new CommandRunner(SparkJobs::open, Terminal.ofProcess()).run(arguments);
        if (ending.code() == ExitCode.SOUND) {
            // Exiting here would spoil the final status in containers of YARN.
            return;
        }
        if (inYarnContainer()) {
            throw new CommandFailedException(ending);
        }
        System.exit(ending.code().code());
    }

    private static boolean inYarnContainer() {
        return System.getProperty("spark.master", "").startsWith("yarn")
                && System.getProperty("spark.submit.deployMode", "").equals("cluster");
    }

    /** Tells YARN that the application failed; its diagnostics show the message. */
    static final class CommandFailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CommandFailedException(CommandRunner.Ending ending) {
            super("Exit code " + ending.code().code() + ": " + ending.reason());
        }
    }
}
