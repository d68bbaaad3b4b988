package io.tiltmeter.cli;

import io.tiltmeter.config.ConfigException;
import io.tiltmeter.config.Nearest;
import io.tiltmeter.model.Rejection;
import io.tiltmeter.model.Severity;
import io.tiltmeter.report.Formats;
import io.tiltmeter.spark.InputException;
import io.tiltmeter.spark.Outcome;
import io.tiltmeter.spark.StatusFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** Parses a command line, runs the command, says what went wrong, and tells the exit code. Never exits. */
final class CommandRunner {
    private static final Map<String, Supplier<Command>> COMMANDS = commands();

    private final Jobs.Factory factory;
    private final Terminal terminal;

    CommandRunner(Jobs.Factory factory, Terminal terminal) {
        this.factory = factory;
        this.terminal = terminal;
    }

    /** Runs {@code <command> <options>}. */
    Ending run(String... arguments) {
        String name = arguments.length == 0 ? "--help" : arguments[0];
        if (name.equals("--version")) {
            return version();
        }
        Supplier<Command> supplier = COMMANDS.get(name);
        if (supplier == null) {
            return noCommand(name, arguments.length == 0);
        }
        Command command = supplier.get();
        CommandLine line = parser(command);
        List<String> options = Arrays.asList(arguments).subList(1, arguments.length);
        try {
            CommandLine.ParseResult parsed = line.parseArgs(options.toArray(String[]::new));
            if (parsed.isUsageHelpRequested()) {
                line.usage(terminal.out());
                return new Ending(ExitCode.SOUND, ExitCode.SOUND.meaning());
            }
            if (parsed.isVersionHelpRequested()) {
                return version();
            }
            return execute(command, command.prepare(command.settings(), terminal));
        } catch (CommandLine.ParameterException e) {
            return fail(command, ExitCode.USAGE, usageError(command, line, options, e));
        } catch (ConfigException e) {
            return fail(command, ExitCode.USAGE, String.valueOf(e.getMessage()));
        } catch (Exception | Error e) {
            return bug(command, e);
        }
    }

    private Ending execute(Command command, Command.Action action) {
        try (Jobs jobs = factory.open(command.name())) {
            Ending ending;
            Optional<Outcome> outcome = Optional.empty();
            try (ConsoleProgress progress = new ConsoleProgress(terminal)) {
                outcome = Optional.of(action.run(jobs, progress));
            } catch (Exception | Error e) {
                // Scala throws checked exceptions undeclared, so this has to be wider than it seems.
                ending = failed(command, e);
                status(command, jobs, ending, outcome);
                return ending;
            }
            terminal.out().println(outcome.get().text());
            ending = judge(command, outcome.get());
            status(command, jobs, ending, outcome);
            return ending;
        }
    }

    /** The exit code of a job that came to its end. */
    private Ending judge(Command command, Outcome outcome) {
        ExitCode code = ExitCode.SOUND;
        String reason = code.meaning();
        if (outcome.failed().isPresent()) {
            code = code.and(ExitCode.FINDINGS);
            reason = outcome.failed().get();
        }
        Severity failOn = command.common().failOn;
        if (failOn != null
                && outcome.worst().filter(worst -> worst.compareTo(failOn) >= 0).isPresent()) {
            code = code.and(ExitCode.FINDINGS);
            reason = "The gravest finding is of severity "
                    + outcome.worst().get().text() + ", and --fail-on is " + failOn.text();
        }
        List<Rejection> rejected = rejected(outcome);
        if (!rejected.isEmpty()) {
            Rejection first = rejected.get(0);
            String what = "Rejected " + count(rejected) + " line(s) or file(s), the first: " + first.file()
                    + (first.line() > 0 ? ", line " + first.line() : "") + ": " + first.reason();
            if (command.common().strict) {
                code = code.and(ExitCode.INPUT);
                reason = what + " (--strict allows none)";
            } else {
                terminal.err().println("jobs/" + command.name() + ": Warning: " + oneLine(what));
            }
        }
        return code == ExitCode.SOUND ? new Ending(code, reason) : fail(command, code, reason);
    }

    private Ending failed(Command command, Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof InputException) {
                return fail(command, ExitCode.INPUT, String.valueOf(cause.getMessage()));
            }
            if (cause instanceof ConfigException) {
                return fail(command, ExitCode.USAGE, String.valueOf(cause.getMessage()));
            }
        }
        return bug(command, thrown);
    }

    private Ending fail(Command command, ExitCode code, String message) {
        String line = oneLine(message);
        terminal.err().println("jobs/" + command.name() + ": " + line);
        return new Ending(code, line);
    }

    private Ending bug(Command command, Throwable thrown) {
        String reason = "Unexpected " + oneLine(thrown.toString());
        terminal.err().println("jobs/" + command.name() + ": " + reason);
        terminal.err()
                .println("This is a bug of Tiltmeter, not of your input. Please report it with your command line, the"
                        + " output of jobs/" + command.name() + " --version, and this:");
        thrown.printStackTrace(terminal.err());
        return new Ending(ExitCode.BUG, reason);
    }

    private void status(Command command, Jobs jobs, Ending ending, Optional<Outcome> outcome) {
        if (command.common().dryRun) {
            return;
        }
        StatusFile.Status status = new StatusFile.Status(
                command.name(),
                ending.code().code(),
                ending.reason(),
                outcome.map(o -> count(rejected(o))).orElse(0L),
                outcome.flatMap(Outcome::location));
        try {
            jobs.status(command.output(), status);
        } catch (IOException | RuntimeException e) {
            terminal.err()
                    .println("jobs/" + command.name() + ": Warning: cannot write " + StatusFile.NAME + " into '"
                            + command.output() + "': " + oneLine(e.toString()));
        }
    }

    private Ending noCommand(String name, boolean none) {
        String usage = "Usage: jobs/COMMAND [OPTIONS], with COMMAND one of " + String.join(", ", COMMANDS.keySet())
                + "; jobs/COMMAND --help says more";
        if (name.equals("--help") && !none) {
            terminal.out().println(usage);
            return new Ending(ExitCode.SOUND, ExitCode.SOUND.meaning());
        }
        String wrong = none
                ? "No command"
                : "Unknown command '" + name + "'"
                        + Nearest.to(name, COMMANDS.keySet())
                                .map(nearest -> "; did you mean '" + nearest + "'?")
                                .orElse("");
        terminal.err().println("tiltmeter: " + oneLine(wrong));
        terminal.err().println(usage);
        return new Ending(ExitCode.USAGE, wrong);
    }

    private Ending version() {
        terminal.out()
                .println("tiltmeter "
                        + Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
                                .orElse("(not packaged)")
                        + ", Spark " + org.apache.spark.package$.MODULE$.SPARK_VERSION() + ", Java "
                        + Runtime.version());
        return new Ending(ExitCode.SOUND, ExitCode.SOUND.meaning());
    }

    private CommandLine parser(Command command) {
        CommandLine line = new CommandLine(command);
        line.setCommandName("jobs/" + command.name());
        // "--input a --formt b": the second is a mistyped option, not a second input.
        line.setUnmatchedOptionsAllowedAsOptionParameters(false);
        line.setUsageHelpWidth(Math.max(60, Math.min(120, terminal.width())));
        CommandSpec spec = line.getCommandSpec();
        spec.addOption(OptionSpec.builder("--version")
                .versionHelp(true)
                .description("Print the version.")
                .build());
        spec.addOption(OptionSpec.builder("--help")
                .usageHelp(true)
                .description("Print this help.")
                .build());
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            codes.put(String.valueOf(code.code()), code.meaning());
        }
        spec.usageMessage().exitCodeListHeading("%nExit codes; the highest that applies:%n");
        spec.usageMessage().exitCodeList(codes);
        spec.usageMessage().optionListHeading("%n");
        return line;
    }

    private static String usageError(
            Command command, CommandLine line, List<String> arguments, CommandLine.ParameterException e) {
        String help = " (jobs/" + command.name() + " --help lists all options)";
        List<String> known = new ArrayList<>();
        line.getCommandSpec().options().forEach(each -> known.addAll(List.of(each.names())));
        // Said before anything else: a mistyped option is also why another one is missing or has too few values.
        for (String argument : arguments) {
            String option = argument.split("=", 2)[0];
            if (option.startsWith("-") && option.length() > 1 && !isNumber(option) && !known.contains(option)) {
                return "Unknown option '" + option + "'"
                        + Nearest.to(option, known)
                                .map(nearest -> "; did you mean '" + nearest + "'?")
                                .orElse("")
                        + help;
            }
        }
        if (e instanceof CommandLine.UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()) {
            return "Unexpected argument '" + unmatched.getUnmatched().get(0) + "'" + help;
        }
        return e.getMessage() + help;
    }

    private static boolean isNumber(String text) {
        return text.matches("-[0-9.]+");
    }

    private static List<Rejection> rejected(Outcome outcome) {
        return outcome.rejected().stream()
                .filter(rejection -> rejection.level() == Rejection.Level.REJECTED)
                .toList();
    }

    private static long count(List<Rejection> rejected) {
        return rejected.stream().mapToLong(Rejection::count).sum();
    }

    /** Messages hold names from logs; they may not break the line or drive the terminal. */
    private static String oneLine(String text) {
        return Formats.text(text.strip().replaceAll("[\\r\\n\\t]+", " "));
    }

    private static Map<String, Supplier<Command>> commands() {
        Map<String, Supplier<Command>> commands = new LinkedHashMap<>();
        commands.put("compare", CompareCommand::new);
        commands.put("demo", DemoCommand::new);
        commands.put("ingest", IngestCommand::new);
        commands.put("nightly", NightlyCommand::new);
        commands.put("score", ScoreCommand::new);
        commands.put("train", TrainCommand::new);
        commands.put("validate", ValidateCommand::new);
        return commands;
    }

    /**
     * How a command ended.
     *
     * @param reason one line
     */
    record Ending(ExitCode code, String reason) {}
}
