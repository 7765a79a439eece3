import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const OWN = ['core/', 'contract/', 'functions/', 'client/'].map((folder) => ROOT + folder);

/** What code reached by calls from a file asks of AWS. */
export interface Called {
  /** SDK commands, without `Command`, such as `PutEvents`. */
  readonly commands: Set<string>;
  /** The first words of its PartiQL statements, such as `INSERT`. */
  readonly statements: Set<string>;
}

/**
 * Follows the calls of the source, from the top level of a file through functions, constructors and methods: a bundle also
 * holds the methods that nobody in it calls, and what nobody calls needs no permission.
 */
export function calledOperations(files: readonly string[]): Map<string, Called> {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  // The types of packages take seconds to read, and no call of ours leads through them.
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => ({
      resolvedModule: text.startsWith('.') ? { resolvedFileName: resolve(dirname(from), text), extension: ts.Extension.Ts } : undefined,
    }));
  const program = ts.createProgram({ rootNames: files.map((file) => ROOT + file), options, host });
  return new Map(files.map((file) => [file, new Walk(program).from(ROOT + file)]));
}

class Walk {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;
  readonly #seen = new Set<ts.Node>();
  readonly #called: Called = { commands: new Set(), statements: new Set() };

  constructor(program: ts.Program) {
    this.#program = program;
    this.#checker = program.getTypeChecker();
  }

  from(file: string): Called {
    const source = this.#program.getSourceFile(file);
    if (!source) throw new Error(`there is no ${file}`);
    for (const statement of source.statements) {
      if (ts.isClassDeclaration(statement) && isExported(statement)) for (const member of statement.members) this.#reach(member);
      else if (!ts.isImportDeclaration(statement) && (!isNamed(statement) || isExported(statement))) this.#visit(statement);
    }
    return this.#called;
  }

  #visit(node: ts.Node): void {
    if (ts.isTypeNode(node)) return;
    this.#note(node);
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) this.#follow(node);
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #note(node: ts.Node): void {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
      const [, command] = /^(\w+)Command$/.exec(node.expression.text) ?? [];
      if (command) this.#called.commands.add(command);
    }
    if (ts.isTemplateHead(node) || ts.isStringLiteralLike(node)) {
      const [, word] = /^(INSERT|UPDATE|DELETE|SELECT) /.exec(node.text) ?? [];
      if (word) this.#called.statements.add(word);
    }
  }

  #follow(name: ts.Identifier | ts.PrivateIdentifier): void {
    const symbol = ts.isShorthandPropertyAssignment(name.parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(name.parent)
      : this.#checker.getSymbolAtLocation(name);
    if (!symbol) return;
    const target = symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
    for (const declaration of target.declarations ?? []) this.#reach(declaration);
  }

  #reach(declaration: ts.Node): void {
    const { fileName } = declaration.getSourceFile();
    if (this.#seen.has(declaration) || !OWN.some((folder) => fileName.startsWith(folder))) return;
    this.#seen.add(declaration);
    if (!ts.isClassDeclaration(declaration)) {
      ts.forEachChild(declaration, (child) => this.#visit(child));
      return;
    }
    // A method runs when it is called; all else of a class, when one is made.
    for (const part of [...(declaration.heritageClauses ?? []), ...declaration.members])
      if (!ts.isMethodDeclaration(part) && !ts.isAccessor(part)) this.#reach(part);
  }
}

const isNamed = (statement: ts.Statement): boolean => ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
